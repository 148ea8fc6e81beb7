package cron

import (
	"iter"
	"math/bits"
)

// set is some of the numbers from 0 to 63.
type set uint64

func (s *set) add(n int) { *s |= 1 << n }

func (s set) has(n int) bool { return s&(1<<n) != 0 }

func (s set) count() int { return bits.OnesCount64(uint64(s)) }

// all yields the numbers in ascending order.
func (s set) all() iter.Seq[int] {
	return func(yield func(int) bool) {
		for rest := uint64(s); rest != 0; rest &= rest - 1 {
			if !yield(bits.TrailingZeros64(rest)) {
				return
			}
		}
	}
}
