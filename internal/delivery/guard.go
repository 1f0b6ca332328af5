package delivery

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"syscall"
	"time"
)

// ErrForbidden marks a target that must not be called. Its text is the same for
// unknown names: otherwise users could find out which names exist in the internal
// network.
var ErrForbidden = errors.New("the name was not found, or leads to an address that this server does not call")

// Networks are address ranges.
type Networks []netip.Prefix

// ParseNetworks reads ranges such as 127.0.0.0/8,10.1.0.0/16.
func ParseNetworks(text string) (Networks, error) {
	var all Networks
	for _, part := range strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == ' ' }) {
		prefix, err := netip.ParsePrefix(part)
		if err != nil {
			return nil, errors.New("must be address ranges separated by commas, for example 127.0.0.0/8,10.1.0.0/16")
		}
		all = append(all, prefix.Masked())
	}
	return all, nil
}

func (n Networks) contain(address netip.Addr) bool {
	for _, prefix := range n {
		if prefix.Contains(address) {
			return true
		}
	}
	return false
}

// special are the ranges that are not on the public Internet: the IANA registries
// of special-purpose addresses, and multicast. Of IPv6, only global unicast,
// 2000::/3, is public.
// https://www.iana.org/assignments/iana-ipv4-special-registry
// https://www.iana.org/assignments/iana-ipv6-special-registry
var special = Networks{
	netip.MustParsePrefix("0.0.0.0/8"), netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("100.64.0.0/10"),
	netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("169.254.0.0/16"), netip.MustParsePrefix("172.16.0.0/12"),
	netip.MustParsePrefix("192.0.0.0/24"), netip.MustParsePrefix("192.0.2.0/24"), netip.MustParsePrefix("192.31.196.0/24"),
	netip.MustParsePrefix("192.52.193.0/24"), netip.MustParsePrefix("192.88.99.0/24"), netip.MustParsePrefix("192.168.0.0/16"),
	netip.MustParsePrefix("192.175.48.0/24"), netip.MustParsePrefix("198.18.0.0/15"), netip.MustParsePrefix("198.51.100.0/24"),
	netip.MustParsePrefix("203.0.113.0/24"), netip.MustParsePrefix("224.0.0.0/4"), netip.MustParsePrefix("240.0.0.0/4"),
	netip.MustParsePrefix("168.63.129.16/32"),                                  // Azure's platform, which is in no registry
	netip.MustParsePrefix("2001::/23"),                                         // Teredo, ORCHID, benchmarking and other protocol assignments
	netip.MustParsePrefix("2001:db8::/32"), netip.MustParsePrefix("2002::/16"), // 6to4 holds an IPv4 address
	netip.MustParsePrefix("3fff::/20"), netip.MustParsePrefix("2620:4f:8000::/48"),
}

var globalUnicast = netip.MustParsePrefix("2000::/3")

// public reports whether an address is on the public Internet. An IPv6 address that
// embeds an IPv4 one (mapped, NAT64) is refused.
func public(address netip.Addr) bool {
	if address.Is6() && !globalUnicast.Contains(address) {
		return false
	}
	return !special.contain(address)
}

// calls reports whether this server connects to an address.
func (n Networks) calls(address netip.Addr) bool {
	ip := address.Unmap().WithZone("")
	return n.contain(ip) || !address.Is4In6() && public(ip)
}

// check decides at connection time on the address to which the name resolved, so
// that earlier or later resolutions do not matter.
func (n Networks) check(_ context.Context, _, address string, _ syscall.RawConn) error {
	at, err := netip.ParseAddrPort(address)
	if err != nil {
		return fmt.Errorf("%w: %s", ErrForbidden, address)
	}
	if !n.calls(at.Addr()) {
		return fmt.Errorf("%w: it is private, local or special", ErrForbidden)
	}
	return nil
}

// lookupTime bounds the resolution of a name before anything is sent to it.
const lookupTime = 2 * time.Second

// Forbid reports whether this server connects to no address of a host, so that a user
// can be told at once. at is the address that a name in public zones resolves to. A name
// that does not resolve may do so later, and is judged when something is sent. Names
// that only an internal network has are forbidden without a look, or without at:
// otherwise users could find out which of them exist.
func (n Networks) Forbid(ctx context.Context, host string) (at netip.Addr, forbidden bool) {
	return n.forbid(ctx, host, net.DefaultResolver.LookupNetIP)
}

func (n Networks) forbid(ctx context.Context, host string, lookup func(ctx context.Context, network, host string) ([]netip.Addr, error)) (at netip.Addr, forbidden bool) {
	if address, err := netip.ParseAddr(host); err == nil {
		return at, !n.calls(address)
	}
	inside := internal(host)
	if inside && len(n) == 0 {
		return at, true
	}
	ctx, cancel := context.WithTimeout(ctx, lookupTime)
	defer cancel()
	addresses, err := lookup(ctx, "ip", host)
	if err != nil || len(addresses) == 0 {
		return at, inside
	}
	if slices.ContainsFunc(addresses, func(a netip.Addr) bool { return n.calls(a.Unmap()) }) {
		return at, false
	}
	if !inside {
		at = addresses[0].Unmap()
	}
	return at, true
}

// internal reports whether a name belongs to no public zone: one of a single label,
// or under a name reserved for networks of their own.
// https://www.iana.org/assignments/special-use-domain-names
func internal(host string) bool {
	labels := strings.Split(strings.TrimSuffix(strings.ToLower(host), "."), ".")
	switch last := labels[len(labels)-1]; last {
	case "local", "localhost", "internal", "intranet", "private", "corp", "home", "lan", "test", "invalid":
		return true
	default:
		return len(labels) == 1 || last == "arpa"
	}
}

// NewClient makes a client for targets that users name. It connects to public
// addresses and to those that the operator allows, follows no redirects, and
// ignores proxies from the environment, which would resolve names themselves.
func NewClient(allowed Networks, timeout time.Duration) *http.Client {
	dialer := &net.Dialer{Timeout: timeout / 2, ControlContext: allowed.check}
	return &http.Client{
		Timeout:       timeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{
			Proxy: nil, DialContext: dialer.DialContext, ForceAttemptHTTP2: true,
			TLSHandshakeTimeout: timeout / 2, ResponseHeaderTimeout: timeout, MaxResponseHeaderBytes: 16 << 10,
			MaxIdleConnsPerHost: 4, MaxConnsPerHost: 32, IdleConnTimeout: 30 * time.Second,
		},
	}
}
