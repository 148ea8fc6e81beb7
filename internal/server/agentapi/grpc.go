package agentapi

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/proto"
)

// The parts of gRPC that a stream of pings takes (docs/contract/agent-api.md, section 7).
const (
	// grpcPrefix is the length in bytes of what comes before a message: a flag for compression and the message's length.
	grpcPrefix     = 5
	grpcStatusKey  = "Grpc-Status"
	grpcMessageKey = "Grpc-Message"
	// maxTimeoutDigits is of a Grpc-Timeout.
	maxTimeoutDigits = 8
)

// readEnvelope reads the one message of a request.
func readEnvelope(body []byte, into proto.Message) error {
	switch {
	case len(body) < grpcPrefix || uint64(binary.BigEndian.Uint32(body[1:])) != uint64(len(body)-grpcPrefix):
		return errors.New("the request is not one whole message")
	case body[0] != 0:
		return errors.New("the request is compressed, or has a flag that is not known")
	}
	if err := proto.Unmarshal(body[grpcPrefix:], into); err != nil {
		return fmt.Errorf("the request's message cannot be read: %w", err)
	}
	return nil
}

// appendEnvelope adds a message as it is sent.
func appendEnvelope(to []byte, message proto.Message) ([]byte, error) {
	start := len(to)
	to, err := proto.MarshalOptions{}.MarshalAppend(append(to, make([]byte, grpcPrefix)...), message)
	if err != nil {
		return nil, fmt.Errorf("encode message: %w", err)
	}
	length := len(to) - start - grpcPrefix
	if length > math.MaxUint32 {
		return nil, errors.New("message is too long")
	}
	binary.BigEndian.PutUint32(to[start+1:], uint32(length))
	return to, nil
}

// grpcStatus is how a stream's end is told; nil is its good end.
func grpcStatus(err error) (code, message string) {
	if err == nil {
		return "0", ""
	}
	message = err.Error()
	if coded := (*connect.Error)(nil); errors.As(err, &coded) {
		message = coded.Message()
	}
	return strconv.FormatUint(uint64(connect.CodeOf(err)), 10), grpcEscape(message)
}

// grpcEscape percent-encodes what may not be in a header.
func grpcEscape(text string) string {
	var escaped strings.Builder
	for i := range len(text) {
		if c := text[i]; c < ' ' || c > '~' || c == '%' {
			fmt.Fprintf(&escaped, "%%%02X", c)
		} else {
			escaped.WriteByte(c)
		}
	}
	return escaped.String()
}

var grpcUnits = map[byte]time.Duration{
	'H': time.Hour, 'M': time.Minute, 'S': time.Second, 'm': time.Millisecond, 'u': time.Microsecond, 'n': time.Nanosecond,
}

// grpcTimeout reads how long a client waits at most; 0 is for ever. ok is false when that cannot be told.
func grpcTimeout(text string) (d time.Duration, ok bool) {
	if text == "" {
		return 0, true
	}
	digits, unit := text[:len(text)-1], grpcUnits[text[len(text)-1]]
	n, err := strconv.ParseUint(digits, 10, 32)
	if err != nil || unit == 0 || n == 0 || len(digits) > maxTimeoutDigits || n > uint64(math.MaxInt64/unit) {
		return 0, false
	}
	return time.Duration(n) * unit, true
}
