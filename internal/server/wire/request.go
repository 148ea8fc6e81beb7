package wire

import (
	"net"
	"net/http"
	"net/netip"
	"strings"

	"github.com/google/uuid"
)

// RequestIDHeader carries the id of a request in its response and in the log.
const RequestIDHeader = "X-Request-Id"

// RequestID returns the id in a request's header when a proxy in front gave it one that is a UUID, and else a new one.
func RequestID(r *http.Request) string {
	if id, err := uuid.Parse(r.Header.Get(RequestIDHeader)); err == nil {
		return id.String()
	}
	return uuid.NewString()
}

// BearerToken returns the token of an Authorization header; the empty string when it holds none.
func BearerToken(r *http.Request) string {
	scheme, token, _ := strings.Cut(strings.TrimSpace(r.Header.Get("Authorization")), " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return ""
	}
	return strings.TrimSpace(token)
}

// ClientIP returns the address a request comes from. X-Forwarded-For is believed as far as the addresses that added to
// it are trusted proxies; the result is the nearest address that is none of them.
func ClientIP(r *http.Request, trusted []netip.Prefix) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		host = r.RemoteAddr
	}
	address, err := netip.ParseAddr(host)
	if err != nil {
		return host
	}
	address = address.Unmap()
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for i := len(hops) - 1; i >= 0 && within(address, trusted); i-- {
		hop, err := netip.ParseAddr(strings.TrimSpace(hops[i]))
		if err != nil {
			break
		}
		address = hop.Unmap()
	}
	return address.String()
}

func within(address netip.Addr, prefixes []netip.Prefix) bool {
	for _, p := range prefixes {
		if p.Contains(address) {
			return true
		}
	}
	return false
}
