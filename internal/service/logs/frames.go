package logs

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/bridle-ci/bridle/internal/blob"
	"github.com/bridle-ci/bridle/internal/core/joblog"
	"github.com/klauspost/compress/zstd"
)

// A closed log is a Zstandard file in its seekable form: frames that decode by themselves, each of frameBytes of the log
// but for the last, and at the end a frame that decoders skip, with a table of the frames' lengths. `zstd -d` reads it.
// The form is described in the zstd project as contrib/seekable_format; all numbers are 32 bits, little-endian:
//
//	magic 0x184d2a5e, length of what follows
//	per frame: compressed length, length
//	number of frames, a byte 0, magic 0x8f92eab1
const (
	frameBytes     = 256 << 10
	skippableMagic = 0x184d2a5e
	seekableMagic  = 0x8f92eab1
	tableHeader    = 8
	tableEntry     = 8
	tableFooter    = 9
)

// maxTable is the length of the table of the largest log: the log, its notice, and the last frame.
const maxTable = tableHeader + tableEntry*(joblog.MaxBytes/frameBytes+2) + tableFooter

// frameWriter writes a log as frames to w.
type frameWriter struct {
	w       io.Writer
	encoder *zstd.Encoder
	plain   []byte
	packed  []byte
	table   []byte
	total   int64 // bytes of the log so far
}

// decoders and encoders are dear to make.
var (
	encoders = sync.Pool{New: func() any {
		e, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithWindowSize(frameBytes))
		if err != nil {
			panic(fmt.Sprintf("logs: encoder with fixed options: %v", err))
		}
		return e
	}}
	decoders = sync.Pool{New: func() any {
		d, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(frameBytes), zstd.WithDecoderLowmem(true))
		if err != nil {
			panic(fmt.Sprintf("logs: decoder with fixed options: %v", err))
		}
		return d
	}}
)

func newFrameWriter(w io.Writer) *frameWriter {
	return &frameWriter{w: w, encoder: encoders.Get().(*zstd.Encoder), plain: make([]byte, 0, frameBytes)}
}

// Write takes the next bytes of the log.
func (f *frameWriter) Write(p []byte) (int, error) {
	n := len(p)
	for len(p) > 0 {
		took := copy(f.plain[len(f.plain):frameBytes], p)
		f.plain = f.plain[:len(f.plain)+took]
		p = p[took:]
		f.total += int64(took)
		if len(f.plain) == frameBytes {
			if err := f.flush(); err != nil {
				return 0, err
			}
		}
	}
	return n, nil
}

func (f *frameWriter) flush() error {
	f.packed = f.encoder.EncodeAll(f.plain, f.packed[:0])
	f.table = binary.LittleEndian.AppendUint32(f.table, uint32(len(f.packed)))
	f.table = binary.LittleEndian.AppendUint32(f.table, uint32(len(f.plain)))
	f.plain = f.plain[:0]
	_, err := f.w.Write(f.packed)
	return err
}

// Close writes the rest and the table.
func (f *frameWriter) Close() error {
	defer encoders.Put(f.encoder)
	if len(f.plain) > 0 {
		if err := f.flush(); err != nil {
			return err
		}
	}
	var tail []byte
	tail = binary.LittleEndian.AppendUint32(tail, skippableMagic)
	tail = binary.LittleEndian.AppendUint32(tail, uint32(len(f.table)+tableFooter))
	tail = append(tail, f.table...)
	tail = binary.LittleEndian.AppendUint32(tail, uint32(len(f.table)/tableEntry))
	tail = append(tail, 0)
	tail = binary.LittleEndian.AppendUint32(tail, seekableMagic)
	_, err := f.w.Write(tail)
	return err
}

// errTable says that a blob has no table where it should be.
var errTable = errors.New("the log's table of frames is damaged")

// findFrame returns where in the blob the frame begins that holds an offset of the log, and where that frame begins in
// the log.
func findFrame(ctx context.Context, blobs blob.Store, key string, offset int64) (at, start int64, err error) {
	if offset < frameBytes {
		return 0, 0, nil
	}
	table, err := readTable(ctx, blobs, key)
	if err != nil {
		return 0, 0, fmt.Errorf("read table of %s: %w", key, err)
	}
	for len(table) > 0 {
		packed, plain := int64(binary.LittleEndian.Uint32(table)), int64(binary.LittleEndian.Uint32(table[4:]))
		if start+plain > offset {
			break
		}
		at, start = at+packed, start+plain
		table = table[tableEntry:]
	}
	return at, start, nil
}

// readTable returns the entries of a blob's table.
func readTable(ctx context.Context, blobs blob.Store, key string) ([]byte, error) {
	info, err := blobs.Stat(ctx, key)
	if err != nil {
		return nil, err
	}
	from := max(info.Size-maxTable, 0)
	r, _, err := blobs.Get(ctx, key, from, -1)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	end, err := io.ReadAll(io.LimitReader(r, maxTable))
	if err != nil {
		return nil, err
	}
	if len(end) < tableHeader+tableFooter || binary.LittleEndian.Uint32(end[len(end)-4:]) != seekableMagic {
		return nil, errTable
	}
	footer := len(end) - tableFooter
	size := int64(binary.LittleEndian.Uint32(end[footer:])) * tableEntry
	if size > int64(footer-tableHeader) {
		return nil, errTable
	}
	return end[int64(footer)-size : footer], nil
}

// frameReader reads a log from some offset on.
type frameReader struct {
	blob    io.ReadCloser
	decoder *zstd.Decoder
	rest    io.Reader
}

// openFrames returns the bytes of a closed log from offset up to end.
func openFrames(ctx context.Context, blobs blob.Store, key string, offset, end int64) (io.ReadCloser, error) {
	at, start, err := findFrame(ctx, blobs, key, offset)
	if err != nil {
		return nil, err
	}
	packed, _, err := blobs.Get(ctx, key, at, -1)
	if err != nil {
		return nil, err
	}
	f := &frameReader{blob: packed, decoder: decoders.Get().(*zstd.Decoder)}
	if err := f.decoder.Reset(packed); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	if _, err := io.CopyN(io.Discard, f.decoder, offset-start); err != nil {
		return nil, errors.Join(fmt.Errorf("find offset %d of %s: %w", offset, key, err), f.Close())
	}
	f.rest = io.LimitReader(f.decoder, end-offset)
	return f, nil
}

func (f *frameReader) Read(p []byte) (int, error) { return f.rest.Read(p) }

func (f *frameReader) Close() error {
	if f.decoder == nil {
		return nil
	}
	_ = f.decoder.Reset(nil) // lets go of the blob
	decoders.Put(f.decoder)
	f.decoder, f.rest = nil, eof{}
	return f.blob.Close()
}

type eof struct{}

func (eof) Read([]byte) (int, error) { return 0, io.EOF }
