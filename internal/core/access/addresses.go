package access

import (
	"fmt"
	"net/netip"
	"strings"
)

// MaxAddresses is how many entries an IP list may have (docs/contract/platform.md, section 17).
const MaxAddresses = 24

// Addresses is a list of networks that requests may come from. The empty list lets everybody in.
type Addresses []netip.Prefix

// Everywhere is the contract's word for "from anywhere" (docs/contract/platform.md, section 5). The contract knows IPv4
// only; here it lets IPv6 in as well.
const Everywhere = "0.0.0.0/0"

var everywhere = netip.MustParsePrefix(Everywhere)

// ParseAddresses reads a list of addresses and networks in CIDR form, separated by spaces. Errors name the entry.
func ParseAddresses(text string) (Addresses, error) {
	words := strings.Fields(text)
	if len(words) > MaxAddresses {
		return nil, fmt.Errorf("there are %d IP addresses: use at most %d, or networks in CIDR form", len(words), MaxAddresses)
	}
	list := make(Addresses, len(words))
	for i, word := range words {
		network, err := parseNetwork(word)
		if err != nil {
			return nil, fmt.Errorf("%q is neither an IP address nor a network in CIDR form", word)
		}
		list[i] = network
	}
	return list, nil
}

func parseNetwork(word string) (netip.Prefix, error) {
	if !strings.Contains(word, "/") {
		address, err := netip.ParseAddr(word)
		if err != nil || address.Zone() != "" {
			return netip.Prefix{}, fmt.Errorf("not an address: %s", word)
		}
		address = address.Unmap()
		return address.Prefix(address.BitLen())
	}
	network, err := netip.ParsePrefix(word)
	const mapped = 96 // bits before an IPv4 address in its IPv6 form
	if err == nil && network.Addr().Is4In6() && network.Bits() >= mapped {
		network = netip.PrefixFrom(network.Addr().Unmap(), network.Bits()-mapped)
	}
	return network.Masked(), err
}

// Allow reports whether a request from an address may pass. An IPv4 address may come in its IPv6 form; what is no
// address passes only an empty list.
func (a Addresses) Allow(address string) bool {
	if len(a) == 0 {
		return true
	}
	ip, err := netip.ParseAddr(address)
	if err != nil {
		return false
	}
	ip = ip.Unmap().WithZone("")
	for _, network := range a {
		if network == everywhere || network.Contains(ip) {
			return true
		}
	}
	return false
}

// AllowsAddress reports whether a stored list, nil for everybody, lets an address pass. A list that cannot be read lets
// nobody pass.
func AllowsAddress(list *string, address string) bool {
	if list == nil {
		return true
	}
	addresses, err := ParseAddresses(*list)
	return err == nil && addresses.Allow(address)
}
