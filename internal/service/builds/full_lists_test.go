package builds

import (
	"strconv"
	"testing"
	"time"
)

func TestFullLists(t *testing.T) {
	t.Parallel()
	var lists fullLists
	now := time.Date(2026, time.August, 3, 9, 30, 0, 0, time.UTC)
	if lists.has("a", now) {
		t.Error("a list is full from the start")
	}
	lists.add("a", now)
	if !lists.has("a", now.Add(fullFor-1)) || lists.has("a", now.Add(fullFor)) || lists.has("b", now) {
		t.Error("a list is not full for its time")
	}
	for i := range 3 * maxFullLists {
		lists.add(strconv.Itoa(i), now)
	}
	if len(lists.until) > maxFullLists {
		t.Errorf("remembers %d lists, at most %d are to be", len(lists.until), maxFullLists)
	}
}
