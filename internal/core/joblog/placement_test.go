package joblog_test

import (
	"math/rand/v2"
	"testing"

	"github.com/bridle-ci/bridle/internal/core/joblog"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func TestPlacementMissing(t *testing.T) {
	t.Parallel()
	var p joblog.Placement
	for _, s := range []joblog.Span{{10, 20}, {30, 40}} {
		p.Add(joblog.Piece{Span: s})
	}
	for name, c := range map[string]struct {
		span joblog.Span
		want []joblog.Span
	}{
		"before all":  {joblog.Span{Start: 0, End: 5}, []joblog.Span{{Start: 0, End: 5}}},
		"held":        {joblog.Span{Start: 12, End: 18}, nil},
		"exactly":     {joblog.Span{Start: 10, End: 20}, nil},
		"over one":    {joblog.Span{Start: 5, End: 25}, []joblog.Span{{Start: 5, End: 10}, {Start: 20, End: 25}}},
		"over both":   {joblog.Span{Start: 0, End: 50}, []joblog.Span{{Start: 0, End: 10}, {Start: 20, End: 30}, {Start: 40, End: 50}}},
		"the gap":     {joblog.Span{Start: 20, End: 30}, []joblog.Span{{Start: 20, End: 30}}},
		"after all":   {joblog.Span{Start: 40, End: 41}, []joblog.Span{{Start: 40, End: 41}}},
		"nothing":     {joblog.Span{Start: 25, End: 25}, nil},
		"end in held": {joblog.Span{Start: 25, End: 35}, []joblog.Span{{Start: 25, End: 30}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(c.want, p.Missing(c.span)); diff != "" {
				t.Errorf("Missing (-want +got):\n%s", diff)
			}
		})
	}
}

func TestPlacementJoinsNeighbors(t *testing.T) {
	t.Parallel()
	var p joblog.Placement
	const chunk = 1024
	for i := range int64(1024) {
		p.Add(joblog.Piece{Span: joblog.Span{Start: i * chunk, End: (i + 1) * chunk}, At: i * (chunk + 8), Next: (i + 1) * (chunk + 8)})
	}
	if p.Contiguous() != 1<<20 || p.Len() != 4 {
		t.Errorf("%d bytes in %d pieces, want a MiB in 4", p.Contiguous(), p.Len())
	}
	piece, ok := p.At(300 << 10)
	if !ok || piece.Start != 256<<10 || piece.At != 256*(chunk+8) {
		t.Errorf("At found %+v, %v", piece, ok)
	}
}

// place puts chunks of a log into a holder of bytes and reads the log back.
func place(log []byte, chunks []joblog.Span) []byte {
	var (
		p      joblog.Placement
		holder []byte
	)
	for _, c := range chunks {
		for _, s := range p.Missing(c) {
			at := int64(len(holder))
			holder = append(holder, log[s.Start:s.End]...)
			p.Add(joblog.Piece{Span: s, At: at, Next: int64(len(holder))})
		}
	}
	var got []byte
	for {
		offset := int64(len(got))
		piece, ok := p.At(offset)
		if !ok || piece.Start > offset {
			if offset != p.Contiguous() {
				panic("contiguous disagrees with the pieces")
			}
			return got
		}
		got = append(got, holder[piece.At+offset-piece.Start:piece.Next]...)
	}
}

func TestPlacementAnyOrder(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		log := rapid.SliceOfN(rapid.Byte(), 1, 300).Draw(t, "log")
		var chunks []joblog.Span
		for at := 0; at < len(log); {
			n := rapid.IntRange(1, len(log)-at).Draw(t, "size")
			chunks = append(chunks, joblog.Span{Start: int64(at), End: int64(at + n)})
			at += n
		}
		for range rapid.IntRange(0, 5).Draw(t, "overlapping") {
			start := rapid.IntRange(0, len(log)-1).Draw(t, "start")
			end := rapid.IntRange(start, len(log)).Draw(t, "end")
			chunks = append(chunks, joblog.Span{Start: int64(start), End: int64(end)})
		}
		chunks = rapid.Permutation(chunks).Draw(t, "order")
		if got := place(log, chunks); string(got) != string(log) {
			t.Fatalf("got %q, want %q", got, log)
		}
	})
}

func FuzzPlacement(f *testing.F) {
	f.Add([]byte("hello"), uint64(1))
	f.Add([]byte{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}, uint64(42))
	f.Fuzz(func(t *testing.T, log []byte, seed uint64) {
		rnd := rand.New(rand.NewPCG(seed, 1))
		var chunks []joblog.Span
		for at := 0; at < len(log); {
			n := 1 + rnd.IntN(len(log)-at)
			chunks = append(chunks, joblog.Span{Start: int64(at), End: int64(at + n)}, joblog.Span{Start: int64(at / 2), End: int64(at + n)})
			at += n
		}
		rnd.Shuffle(len(chunks), func(i, j int) { chunks[i], chunks[j] = chunks[j], chunks[i] })
		if got := place(log, chunks); string(got) != string(log) {
			t.Fatalf("got %q, want %q", got, log)
		}
	})
}
