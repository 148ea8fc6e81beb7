package joblog

import (
	"slices"
	"sort"
)

// runBytes bounds a piece that neighbors are joined to, so that a place inside it is found by reading little.
const runBytes = 256 << 10

// Span is the bytes of a log from Start up to End.
type Span struct{ Start, End int64 }

// Piece is a span of the log and where its holder keeps it: from At up to Next, in the holder's own terms.
type Piece struct {
	Span
	At, Next int64
}

// Placement knows which bytes of a log are held and where. Pieces do not overlap. The zero value holds nothing.
type Placement struct {
	pieces     []Piece // in order of Start
	contiguous int64
}

// Contiguous is the number of bytes held from the beginning of the log without a gap.
func (p *Placement) Contiguous() int64 { return p.contiguous }

// Len is the number of pieces.
func (p *Placement) Len() int { return len(p.pieces) }

// Missing returns the parts of a span that are not held, in order.
func (p *Placement) Missing(s Span) []Span {
	s.Start = max(s.Start, p.contiguous)
	var missing []Span
	for i := p.search(s.Start); s.Start < s.End; i++ {
		if i == len(p.pieces) || p.pieces[i].Start >= s.End {
			return append(missing, s)
		}
		if p.pieces[i].Start > s.Start {
			missing = append(missing, Span{s.Start, p.pieces[i].Start})
		}
		s.Start = p.pieces[i].End
	}
	return missing
}

// Add records a piece that Missing named, or a part of one. A piece that follows another one in the log and at its holder
// is joined to it.
func (p *Placement) Add(piece Piece) {
	i := p.search(piece.Start)
	if i > 0 && p.pieces[i-1].joins(piece) {
		p.pieces[i-1].End, p.pieces[i-1].Next = piece.End, piece.Next
		i--
	} else {
		p.pieces = slices.Insert(p.pieces, i, piece)
	}
	for ; i < len(p.pieces) && p.pieces[i].Start <= p.contiguous; i++ {
		p.contiguous = max(p.contiguous, p.pieces[i].End)
	}
}

func (p Piece) joins(next Piece) bool {
	return p.End == next.Start && p.Next == next.At && p.End-p.Start < runBytes
}

// At returns the piece that holds the byte at an offset, or the first one after it; false when there is none.
func (p *Placement) At(offset int64) (Piece, bool) {
	i := p.search(offset)
	if i == len(p.pieces) {
		return Piece{}, false
	}
	return p.pieces[i], true
}

// search returns the index of the first piece that ends after an offset.
func (p *Placement) search(offset int64) int {
	return sort.Search(len(p.pieces), func(i int) bool { return p.pieces[i].End > offset })
}
