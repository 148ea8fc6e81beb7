package main

import "testing"

func TestGarbagePercent(t *testing.T) {
	t.Parallel()
	for inUse, want := range map[uint64]int{
		0: 1000, 1 << 20: 1000, 16 << 20: 400, 32 << 20: 200, 64 << 20: 100, 1 << 30: 100,
	} {
		if got := garbagePercent(inUse); got != want {
			t.Errorf("%d bytes in use: %d percent, want %d", inUse, got, want)
		}
	}
}

func TestWhatIsInUseIsKnown(t *testing.T) {
	t.Parallel()
	if n := inUse(); n < 100<<10 || n > 10<<30 {
		t.Errorf("%d bytes in use", n)
	}
}
