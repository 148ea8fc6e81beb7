package wire

import "net/http"

// Recorder is a response writer that remembers what was sent, for metrics and for whoever has to know whether an error
// can still be answered.
type Recorder struct {
	http.ResponseWriter
	// BeforeHeader, when set, runs once, just before the header leaves.
	BeforeHeader func()
	// Status is 0 until a header was sent.
	Status int
}

// WriteHeader implements http.ResponseWriter.
func (r *Recorder) WriteHeader(status int) {
	if status >= http.StatusOK {
		r.begin(status)
	}
	r.ResponseWriter.WriteHeader(status)
}

// Write implements http.ResponseWriter.
func (r *Recorder) Write(p []byte) (int, error) {
	r.begin(http.StatusOK)
	return r.ResponseWriter.Write(p)
}

// Unwrap lets http.ResponseController reach the connection.
func (r *Recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }

func (r *Recorder) begin(status int) {
	if r.Status != 0 {
		return
	}
	r.Status = status
	if r.BeforeHeader != nil {
		r.BeforeHeader()
	}
}
