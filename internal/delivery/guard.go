package delivery

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"syscall"
	"time"
)

// ErrForbidden marks a target that must not be called. Its text is the same for
// unknown names: otherwise users could find out which names exist in the internal
// network.
var ErrForbidden = errors.New("there is nothing under this name that this server calls")

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

// check decides at connection time on the address to which the name resolved, so
// that earlier or later resolutions do not matter.
func (n Networks) check(_ context.Context, _, address string, _ syscall.RawConn) error {
	at, err := netip.ParseAddrPort(address)
	if err != nil {
		return fmt.Errorf("%w: %s", ErrForbidden, address)
	}
	if ip := at.Addr().Unmap().WithZone(""); !n.contain(ip) && (at.Addr().Is4In6() || !public(ip)) {
		return fmt.Errorf("%w: it is private, local or special", ErrForbidden)
	}
	return nil
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
