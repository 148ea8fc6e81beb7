package logs_test

import (
	"bytes"
	"fmt"
	"sync/atomic"
	"testing"

	"github.com/bridle-ci/bridle/internal/service/logs"
	"github.com/bridle-ci/bridle/internal/store"
	"github.com/bridle-ci/bridle/internal/store/storetest"
)

// BenchmarkAppend appends chunks of 64 KiB to open logs, three at a time for each job as agents do.
func BenchmarkAppend(b *testing.B) {
	chunk := bytes.Repeat([]byte("\x1b_bk;t=1795417133914\x07ok  \tgithub.com/acme/shop/internal/cart\t0.012s\r\n"), 1000)[:64<<10]
	for _, jobs := range []int{1, 16, 64} {
		b.Run(fmt.Sprintf("jobs=%d", jobs), func(b *testing.B) {
			s := setup(b, storetest.Open(b))
			running := make([]store.Job, jobs)
			offsets := make([]atomic.Int64, jobs)
			for i := range running {
				running[i] = storetest.RunningJob(b, s.store, s.world.Pipeline)
			}
			var turn atomic.Int64
			b.SetBytes(int64(len(chunk)))
			b.SetParallelism(max(1, 3*jobs/2))
			b.ResetTimer()
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					n := int(turn.Add(1)) % jobs
					at := offsets[n].Add(int64(len(chunk))) - int64(len(chunk))
					c := logs.Chunk{Offset: at % (1<<30 - 1<<20), Size: int64(len(chunk)), Data: chunk}
					if err := s.Append(b.Context(), running[n].ID, c); err != nil {
						b.Error(err)
						return
					}
				}
			})
		})
	}
}

// BenchmarkClose makes a blob of a log of 64 MiB.
func BenchmarkClose(b *testing.B) {
	const size = 64 << 20
	chunk := bytes.Repeat([]byte("\x1b_bk;t=1795417133914\x07ok  \tgithub.com/acme/shop/internal/cart\t0.012s\r\n"), 16000)[:1<<20]
	s := setup(b, storetest.Open(b))
	b.SetBytes(size)
	for b.Loop() {
		b.StopTimer()
		s.job = storetest.RunningJob(b, s.store, s.world.Pipeline)
		for at := int64(0); at < size; at += int64(len(chunk)) {
			s.append(b, at, string(chunk))
		}
		b.StartTimer()
		s.close(b)
	}
}
