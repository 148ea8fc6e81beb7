package sqldb

import "time"

// Micros is how a row keeps a time: microseconds since 1970 in UTC.
func Micros(t time.Time) int64 { return t.UnixMicro() }

// MicrosPtr is Micros for a time that may be missing.
func MicrosPtr(t *time.Time) *int64 {
	if t == nil {
		return nil
	}
	m := Micros(*t)
	return &m
}

// FromMicros is the time that Micros made a number of, in UTC.
func FromMicros(m int64) time.Time { return time.UnixMicro(m).UTC() }

// FromMicrosPtr is FromMicros for a time that may be missing.
func FromMicrosPtr(m *int64) *time.Time {
	if m == nil {
		return nil
	}
	t := FromMicros(*m)
	return &t
}
