package access_test

import (
	"strings"
	"testing"

	"github.com/bridle-ci/bridle/internal/core/access"
)

func TestAddresses(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		list    string
		allowed []string
		refused []string
	}{
		"nothing lets all in":  {"  ", []string{"192.0.2.1", "2001:db8::1", "not an address"}, nil},
		"everywhere":           {"0.0.0.0/0", []string{"192.0.2.1", "2001:db8::1"}, []string{"not an address", ""}},
		"one address":          {"192.0.2.1", []string{"192.0.2.1", "::ffff:192.0.2.1"}, []string{"192.0.2.2", "2001:db8::1", ""}},
		"network":              {"192.0.2.0/24", []string{"192.0.2.0", "192.0.2.255"}, []string{"192.0.3.0"}},
		"bits beyond the mask": {"192.0.2.77/24", []string{"192.0.2.1"}, []string{"192.0.3.77"}},
		"several":              {"192.0.2.1\n198.51.100.0/30", []string{"192.0.2.1", "198.51.100.3"}, []string{"198.51.100.4"}},
		"IPv6":                 {"2001:db8::/32", []string{"2001:db8:1::1", "2001:db8::1%eth0"}, []string{"2001:db9::1", "192.0.2.1"}},
		"IPv4 as IPv6":         {"::ffff:192.0.2.1 ::ffff:198.51.100.0/120", []string{"192.0.2.1", "::ffff:198.51.100.9"}, []string{"192.0.2.2"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			addresses, err := access.ParseAddresses(c.list)
			if err != nil {
				t.Fatal(err)
			}
			for _, ip := range c.allowed {
				if !addresses.Allow(ip) || !access.AllowsAddress(&c.list, ip) {
					t.Errorf("%s refused", ip)
				}
			}
			for _, ip := range c.refused {
				if addresses.Allow(ip) || access.AllowsAddress(&c.list, ip) {
					t.Errorf("%s allowed", ip)
				}
			}
		})
	}
	if !access.AllowsAddress(nil, "192.0.2.1") {
		t.Error("no list refuses")
	}
}

func TestParseAddressesRefuses(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ list, want string }{
		"a name":         {"192.0.2.1 example.com", `"example.com" is neither`},
		"a bad mask":     {"192.0.2.1/33", `"192.0.2.1/33" is neither`},
		"commas":         {"192.0.2.1,192.0.2.2", "is neither"},
		"a zone":         {"fe80::1%eth0", "is neither"},
		"too many":       {strings.Repeat("192.0.2.1 ", 25), "at most 24"},
		"a leading zero": {"192.0.02.1", "is neither"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, err := access.ParseAddresses(c.list); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
			if access.AllowsAddress(&c.list, "192.0.2.1") {
				t.Error("a list that cannot be read lets an address pass")
			}
		})
	}
}

func FuzzParseAddresses(f *testing.F) {
	f.Add("192.0.2.0/24 2001:db8::/32", "192.0.2.1")
	f.Fuzz(func(t *testing.T, list, ip string) {
		addresses, err := access.ParseAddresses(list)
		if err != nil {
			return
		}
		for _, network := range addresses {
			if network.Addr().Is4In6() {
				continue // wider than the IPv4 addresses in it, which have a form of their own
			}
			if !addresses.Allow(network.Addr().String()) {
				t.Errorf("%s does not allow its own %s", list, network)
			}
		}
		addresses.Allow(ip)
	})
}
