package access

import (
	"testing"

	"github.com/bridle-ci/bridle/internal/core/fault"
)

func TestCheckAllowedTeams(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		actor Actor
		teams []string
		want  fault.Kind
	}{
		"member, no teams": {Actor{Role: Member}, nil, ""},
		"member, teams":    {Actor{Role: Member}, []string{"ops"}, fault.Forbidden},
		"admin, teams":     {Actor{Role: Admin}, []string{"ops"}, ""},
		"system, teams":    {Actor{System: true}, []string{"ops"}, ""},
		"nobody, teams":    {Actor{}, []string{"ops"}, fault.Forbidden},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := fault.KindOf(CheckAllowedTeams(tt.actor, tt.teams)); got != tt.want {
				t.Errorf("kind %q, want %q", got, tt.want)
			}
		})
	}
}
