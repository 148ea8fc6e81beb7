package agentclient

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"math/rand/v2"
)

// Chunk is a piece of a job's log.
type Chunk struct {
	Sequence int // from 1
	Offset   int64
	Size     int // uncompressed
	Gzip     []byte
}

// Text is log text that was compressed once for all the jobs that send it. It is safe for concurrent use.
type Text struct {
	size   int
	pieces [][]byte // of size bytes each, compressed
}

// textPieces is how many different pieces a text has: enough that neighbors in a log differ.
const textPieces = 4

// NewText returns text in pieces of the given size in bytes.
func NewText(size int) *Text {
	t := &Text{size: size}
	for i := range textPieces {
		t.pieces = append(t.pieces, compress(logLines(uint64(i), size)))
	}
	return t
}

// Size is a piece's size in bytes.
func (t *Text) Size() int { return t.size }

// Chunk returns the n-th chunk, from 1, of a log of whole pieces.
func (t *Text) Chunk(n int) Chunk {
	return Chunk{Sequence: n, Offset: int64(n-1) * int64(t.size), Size: t.size, Gzip: t.pieces[n%len(t.pieces)]}
}

// Log is a log of a known size.
type Log struct {
	text *Text // nil when the log is shorter than a piece
	tail Chunk // Size 0 when the pieces fill the log
	full int   // how many pieces there are before the tail
}

// NewLog returns a log of a size in bytes, in chunks of at most the given size.
func NewLog(size int64, chunk int) *Log {
	l := &Log{full: int(size / int64(chunk))}
	if l.full > 0 {
		l.text = NewText(chunk)
	}
	if rest := int(size % int64(chunk)); rest > 0 {
		l.tail = Chunk{
			Sequence: l.full + 1, Offset: int64(l.full) * int64(chunk), Size: rest, Gzip: compress(logLines(textPieces, rest)),
		}
	}
	return l
}

// Chunks yields the log in order.
func (l *Log) Chunks(yield func(Chunk) bool) {
	for n := 1; n <= l.full; n++ {
		if !yield(l.text.Chunk(n)) {
			return
		}
	}
	if l.tail.Size > 0 {
		yield(l.tail)
	}
}

// logLines is text like that of a build: lines with the agent's timestamps that compress about as well.
func logLines(seed uint64, size int) []byte {
	random := rand.New(rand.NewPCG(seed, 1))
	text := make([]byte, 0, size+200)
	for at := int64(1767225600000); len(text) < size; at += random.Int64N(400) {
		text = fmt.Appendf(text, "\x1b_bk;t=%d\x07=== RUN   TestPackage%03d/case_%x (%d.%02ds) ok\r\n",
			at, random.IntN(1000), random.Uint64(), random.IntN(3), random.IntN(100))
	}
	return text[:size]
}

func compress(text []byte) []byte {
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	_, _ = w.Write(text) // a bytes.Buffer takes everything
	_ = w.Close()
	return out.Bytes()
}
