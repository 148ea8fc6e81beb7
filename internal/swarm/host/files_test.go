//go:build unix

package host

import "testing"

func TestEnough(t *testing.T) {
	t.Parallel()
	if err := enough(1000, 1000+spareFiles); err != nil {
		t.Errorf("just enough: %v", err)
	}
	if enough(1001, 1000+spareFiles) == nil {
		t.Error("one too few: no error")
	}
}
