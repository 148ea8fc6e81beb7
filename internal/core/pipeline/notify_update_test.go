package pipeline

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const remark = `{"path":"a.go","start_line":1,"end_line":2,"annotation_level":"notice","message":"m"}`

func TestUpdateNotify(t *testing.T) {
	t.Parallel()
	before := []Notification{
		{Slack: &Slack{Channels: []string{"#a"}}},
		{GitHubCheck: &GitHubCheck{Name: "Tests"}},
		{GitHubCheck: &GitHubCheck{Output: &CheckOutput{Title: "T", Annotations: []CheckAnnotation{{Path: "b.go", StartLine: 3, EndLine: 3, Level: "failure", Message: "n"}}}}},
	}
	const old = `{"path":"b.go","start_line":3,"end_line":3,"annotation_level":"failure","message":"n"}`
	tests := map[string]struct {
		path, value string
		appendTo    bool
		want        string
	}{
		"list":           {"", `["github_commit_status"]`, false, `[{"github_commit_status":{}}]`},
		"no list":        {"", `[]`, false, `null`},
		"one more":       {"", `[{"slack":"#b","if":"step.outcome == 'passed'"}]`, true, `[{"slack":{"channels":["#a"]}},{"github_check":{"name":"Tests"}},{"github_check":{"output":{"title":"T","annotations":[` + old + `]}}},{"slack":{"channels":["#b"]},"if":"step.outcome == 'passed'"}]`},
		"title":          {"github_check.output.title", "New", false, `[{"slack":{"channels":["#a"]}},{"github_check":{"name":"Tests","output":{"title":"New"}}},{"github_check":{"output":{"title":"New","annotations":[` + old + `]}}}]`},
		"longer title":   {"github_check.output.title", "!", true, `[{"slack":{"channels":["#a"]}},{"github_check":{"name":"Tests","output":{"title":"!"}}},{"github_check":{"output":{"title":"T!","annotations":[` + old + `]}}}]`},
		"summary":        {"github_check.output.summary", "S", false, `[{"slack":{"channels":["#a"]}},{"github_check":{"name":"Tests","output":{"summary":"S"}}},{"github_check":{"output":{"title":"T","summary":"S","annotations":[` + old + `]}}}]`},
		"text":           {"github_check.output.text", "X", false, `[{"slack":{"channels":["#a"]}},{"github_check":{"name":"Tests","output":{"text":"X"}}},{"github_check":{"output":{"title":"T","text":"X","annotations":[` + old + `]}}}]`},
		"annotation":     {"github_check.output.annotations", "[" + remark + "]", true, `[{"slack":{"channels":["#a"]}},{"github_check":{"name":"Tests","output":{"annotations":[` + remark + `]}}},{"github_check":{"output":{"title":"T","annotations":[` + old + `,` + remark + `]}}}]`},
		"no annotations": {"github_check.output.annotations", "[]", false, `[{"slack":{"channels":["#a"]}},{"github_check":{"name":"Tests","output":{}}},{"github_check":{"output":{"title":"T"}}}]`},
	}
	unchanged := written(before)
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := UpdateNotify(KindCommand, before, tt.path, tt.value, tt.appendTo)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, written(got)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(unchanged, written(before)); diff != "" {
				t.Errorf("what was there changed:\n%s", diff)
			}
		})
	}
}

func TestUpdateNotifyRefuses(t *testing.T) {
	t.Parallel()
	check := []Notification{{GitHubCheck: &GitHubCheck{}}}
	long := make([]CheckAnnotation, DefaultLimits().CheckAnnotations)
	many := make([]Notification, DefaultLimits().Notifications)
	tests := map[string]struct {
		kind        Kind
		before      []Notification
		path, value string
		want        string
	}{
		"no JSON":              {KindCommand, nil, "", "slack", "`notify` must be a list in JSON"},
		"no list":              {KindCommand, nil, "", `{"slack":"#a"}`, "`notify` must be a list in JSON, but it is a mapping"},
		"email of a step":      {KindCommand, nil, "", `[{"email":"a@example.com"}]`, "`email` notifies of whole builds"},
		"condition":            {KindGroup, nil, "", `[{"email":"a@example.com","if":"build.state == 'passed'"}]`, "`build.state` is not a variable"},
		"too many":             {KindCommand, many, "", `["github_check"]`, "`notify` can have at most 100 notifications"},
		"no check":             {KindCommand, nil, "github_check.output.title", "x", "The step has no `github_check`"},
		"unknown path":         {KindCommand, check, "github_check.name", "x", "`notify.github_check.name` can't be changed"},
		"long text":            {KindCommand, check, "github_check.output.text", strings.Repeat("x", 65536), "`text` of `github_check` is too long"},
		"annotations no JSON":  {KindCommand, check, "github_check.output.annotations", "x", "`annotations` must be a list in JSON"},
		"annotation":           {KindCommand, check, "github_check.output.annotations", `[{"path":"a"}]`, "An annotation of `github_check` must have a `start_line`"},
		"too many annotations": {KindCommand, []Notification{{GitHubCheck: &GitHubCheck{Output: &CheckOutput{Annotations: long}}}}, "github_check.output.annotations", "[" + remark + "]", "`github_check` can have at most 1000 annotations"},
		"too large":            {KindCommand, check, "github_check.output.annotations", "[" + strings.Replace(remark, `"m"`, fmt.Sprintf("%q", strings.Repeat("m", 1<<20)), 1) + "]", "The step's notifications are too large"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := UpdateNotify(tt.kind, tt.before, tt.path, tt.value, true)
			var refusal *Error
			if !errors.As(err, &refusal) || !strings.HasPrefix(refusal.Message, tt.want) || got != nil {
				t.Errorf("got %v, %v; want %s", got, err, tt.want)
			}
		})
	}
}

func FuzzUpdateNotify(f *testing.F) {
	f.Add("", `["github_check",{"slack":{"channels":["#a"]},"if":"step.outcome == \"passed\""}]`, false)
	f.Add("", `[{"github_commit_status":{"context":"a"}}]`, true)
	f.Add("github_check.output.title", "title", true)
	f.Add("github_check.output.annotations", "["+remark+"]", true)
	f.Fuzz(func(t *testing.T, path, value string, appendTo bool) {
		before := []Notification{{GitHubCheck: &GitHubCheck{Name: "a", Output: &CheckOutput{Title: "b"}}}}
		unchanged := written(before)
		got, err := UpdateNotify(KindCommand, before, path, value, appendTo)
		if written(before) != unchanged {
			t.Errorf("what was there became %s", written(before))
		}
		if err != nil {
			mustBeError(t, err)
			return
		}
		checkNotifications(t, got, notifyStep)
	})
}
