package config

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/bridle-ci/bridle/internal/core/ids"
	"github.com/bridle-ci/bridle/internal/store/sqldb"
)

// maxAgentInterval bounds what agents are told: an agent unseen for three minutes counts as lost
// (docs/contract/agent-api.md, section 4).
const maxAgentInterval = 2 * time.Minute

// Validate says what is wrong with the settings, in words that name the flag. Nothing is looked at outside of them.
func (s Server) Validate() error {
	return errors.Join(s.Storage.Validate(), s.Network.Validate(), s.Limits.Validate(), s.Agents.Validate(), s.First.Validate(),
		positive("shutdown-timeout", s.ShutdownTimeout))
}

// Validate checks the limits.
func (l Limits) Validate() error {
	for flag, n := range map[string]int{"rest-rate-limit": l.RESTRateLimit, "rest-user-rate-limit": l.RESTUserRateLimit} {
		if n < 1 {
			return fmt.Errorf("--%s %d: use a number above zero, or --no-rate-limits", flag, n)
		}
	}
	return nil
}

// Validate checks what the first start makes.
func (f First) Validate() error {
	if !ids.ValidSlug(f.Organization) {
		return fmt.Errorf("--organization %q: use letters, digits and hyphens, such as acme", f.Organization)
	}
	if !strings.Contains(f.AdminEmail, "@") {
		return fmt.Errorf("--admin-email %q: write an address such as ada@example.com", f.AdminEmail)
	}
	if strings.TrimSpace(f.AdminName) == "" {
		return errors.New("--admin-name: the name is empty")
	}
	return nil
}

// Validate checks where state is kept.
func (s Storage) Validate() error {
	if s.Database == "" {
		return nil
	}
	if _, err := sqldb.EngineOf(s.Database); err != nil {
		return fmt.Errorf("--database: %w", err)
	}
	return nil
}

// Validate checks the addresses.
func (n Network) Validate() error {
	var errs []error
	if err := checkListen(n.Listen); err != nil {
		errs = append(errs, fmt.Errorf("--listen %q: %w", n.Listen, err))
	}
	if n.URL != "" {
		if err := checkBaseURL(n.URL); err != nil {
			errs = append(errs, fmt.Errorf("--url %q: %w", n.URL, err))
		}
	}
	if _, err := n.Proxies(); err != nil {
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// Proxies returns the trusted proxies' networks; an address alone is the network of itself.
func (n Network) Proxies() ([]netip.Prefix, error) {
	var prefixes []netip.Prefix
	for _, text := range n.TrustedProxies {
		prefix, err := netip.ParsePrefix(text)
		if err != nil {
			addr, addrErr := netip.ParseAddr(text)
			if addrErr != nil {
				return nil, fmt.Errorf("--trusted-proxies %q: write a network such as 10.0.0.0/8, or an address", text)
			}
			prefix = netip.PrefixFrom(addr, addr.BitLen())
		}
		prefixes = append(prefixes, prefix.Masked())
	}
	return prefixes, nil
}

// Validate checks the intervals.
func (a Agents) Validate() error {
	return errors.Join(
		agentInterval("agent-ping-interval", a.AgentPingInterval),
		agentInterval("agent-job-status-interval", a.AgentJobStatusInterval),
		agentInterval("agent-heartbeat-interval", a.AgentHeartbeatInterval))
}

// agentInterval checks that an interval can be told to agents, which take whole seconds from 1 on.
func agentInterval(flag string, d time.Duration) error {
	if d < time.Second || d > maxAgentInterval || d%time.Second != 0 {
		return fmt.Errorf("--%s %s: use whole seconds from 1s to %s", flag, d, maxAgentInterval)
	}
	return nil
}

func positive(flag string, d time.Duration) error {
	if d <= 0 {
		return fmt.Errorf("--%s %s: use a time above zero, such as 30s", flag, d)
	}
	return nil
}

func checkListen(address string) error {
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		return errors.New("write an address and a port, such as 127.0.0.1:8080 or :8080")
	}
	if n, err := strconv.Atoi(port); err != nil || n < 0 || n > 65535 {
		return errors.New("the port must be a number from 0 to 65535")
	}
	return nil
}

func checkBaseURL(text string) error {
	u, err := url.Parse(text)
	switch {
	case err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https"):
		return errors.New("write an address such as https://ci.example.com")
	case u.RawQuery != "" || u.Fragment != "" || u.User != nil:
		return errors.New("leave out the user, query and fragment")
	case u.Path != "" && u.Path != "/":
		return errors.New("leave out the path: every path is taken by an API")
	}
	return nil
}
