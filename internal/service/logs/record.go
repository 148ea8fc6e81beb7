package logs

import (
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"

	"github.com/bridle-ci/bridle/internal/core/joblog"
)

// A record on disk is a header and the bytes of a chunk, or of a part of one that was not held yet:
//
//	0  magic     "BLG1"
//	4  checksum  CRC-32C of everything after it
//	8  size      of the bytes
//	12 offset    of the bytes in the log
//	20 the bytes
//
// Numbers are little-endian. A file is records and nothing else; what does not read as one is what a crash left.
const (
	recordHeader = 20
	recordMagic  = 0x31474c42
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// errRecord says that bytes are no record.
var errRecord = errors.New("not a record")

// encodeHeader returns the header for the bytes at an offset of the log.
func encodeHeader(offset int64, data []byte) (h [recordHeader]byte) {
	binary.LittleEndian.PutUint32(h[0:], recordMagic)
	binary.LittleEndian.PutUint32(h[8:], uint32(len(data)))
	binary.LittleEndian.PutUint64(h[12:], uint64(offset))
	binary.LittleEndian.PutUint32(h[4:], crc32.Update(crc32.Checksum(h[8:], castagnoli), castagnoli, data))
	return h
}

// recordSize reads the size of a record's bytes from its header.
func recordSize(h []byte) (int, error) {
	size := binary.LittleEndian.Uint32(h[8:])
	if binary.LittleEndian.Uint32(h) != recordMagic || size == 0 || size > joblog.MaxChunkBytes {
		return 0, errRecord
	}
	return int(size), nil
}

// decodeRecord splits the first record off and checks it.
func decodeRecord(b []byte) (offset int64, data, rest []byte, err error) {
	if len(b) < recordHeader {
		return 0, nil, nil, errRecord
	}
	size, err := recordSize(b)
	if err != nil || len(b) < recordHeader+size {
		return 0, nil, nil, errRecord
	}
	data, rest = b[recordHeader:recordHeader+size], b[recordHeader+size:]
	sum := crc32.Update(crc32.Checksum(b[8:recordHeader], castagnoli), castagnoli, data)
	offset = int64(binary.LittleEndian.Uint64(b[12:]))
	if sum != binary.LittleEndian.Uint32(b[4:]) || offset < 0 || offset > joblog.MaxBytes {
		return 0, nil, nil, errRecord
	}
	return offset, data, rest, nil
}

// scanRecords reads a file from its beginning and calls fn with every record's place in the log and in the file. It
// returns where the last good one ends: what follows is torn.
func scanRecords(r io.Reader, fn func(span joblog.Span, at, next int64)) (end int64, err error) {
	buffer := make([]byte, recordHeader+joblog.MaxChunkBytes)
	for {
		if _, err := io.ReadFull(r, buffer[:recordHeader]); err != nil {
			return end, endOfFile(err)
		}
		size, err := recordSize(buffer)
		if err != nil {
			return end, nil // a torn record ends the file
		}
		if _, err := io.ReadFull(r, buffer[recordHeader:recordHeader+size]); err != nil {
			return end, endOfFile(err)
		}
		offset, _, _, err := decodeRecord(buffer[:recordHeader+size])
		if err != nil {
			return end, nil // a torn record ends the file
		}
		next := end + recordHeader + int64(size)
		fn(joblog.Span{Start: offset, End: offset + int64(size)}, end, next)
		end = next
	}
}

func endOfFile(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return nil
	}
	return err
}
