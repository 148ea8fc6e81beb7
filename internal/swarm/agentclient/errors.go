package agentclient

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"syscall"

	"connectrpc.com/connect"
)

// Kind names an error for counting: the status or code the server gave, or how the connection failed.
func Kind(err error) string {
	var (
		status *StatusError
		stream *connect.Error
		dns    *net.DNSError
	)
	switch {
	case errors.As(err, &status):
		return strconv.Itoa(status.Status)
	case errors.As(err, &errUndecodable{}):
		return "undecodable answer"
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded):
		return "timeout"
	case errors.Is(err, syscall.ECONNREFUSED):
		return "connection refused"
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return "connection reset"
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return "connection closed"
	case errors.Is(err, syscall.EMFILE):
		return "too many open files"
	case errors.As(err, &dns):
		return "name not found"
	case errors.As(err, &stream):
		return stream.Code().String()
	}
	return "other"
}

// Retryable reports whether an agent tries a call again after this error (docs/contract/agent-api.md, section 1).
func Retryable(err error) bool {
	var status *StatusError
	if !errors.As(err, &status) {
		return true
	}
	return status.Status == http.StatusTooManyRequests || status.Status >= 500
}

// noStatus reports an error before or after an answer's status: a broken connection, a body that makes no sense.
func noStatus(err error) bool {
	var status *StatusError
	return !errors.As(err, &status)
}

// not4xx is for chunks of logs, of which every 4xx, 429 too, is final.
func not4xx(err error) bool {
	var status *StatusError
	return !errors.As(err, &status) || status.Status >= 500
}

func always(error) bool { return true }
