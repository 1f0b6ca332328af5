package delivery

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestOnlyPublicAddressesAreCalled(t *testing.T) {
	var none Networks
	for _, address := range []string{
		"127.0.0.1:80", "10.1.2.3:443", "172.20.0.1:443", "192.168.1.1:80", "169.254.169.254:80", "100.100.100.200:80", "0.0.0.0:80",
		"224.0.0.1:80", "255.255.255.255:80", "192.0.2.1:80", "198.18.0.1:80", "168.63.129.16:80",
		"[::1]:80", "[::]:80", "[fe80::1%eth0]:80", "[fc00::1]:80", "[fd00:ec2::254]:80", "[ff02::1]:80",
		"[::ffff:127.0.0.1]:80", "[::ffff:8.8.8.8]:80", "[::127.0.0.1]:80", "[64:ff9b::7f00:1]:80", "[64:ff9b:1::a00:1]:80",
		"[2002:7f00:1::1]:80", "[2001::1]:80", "[2001:db8::1]:80", "[100::1]:80", "localhost:80", "nonsense",
	} {
		require.ErrorIs(t, none.check(t.Context(), "tcp", address, nil), ErrForbidden, address)
	}
	for _, address := range []string{"8.8.8.8:443", "93.184.215.14:80", "[2606:2800:21f:cb07:6820:80da:af6b:8b2c]:443"} {
		require.NoError(t, none.check(t.Context(), "tcp", address, nil), address)
	}
	allowed, err := ParseNetworks("10.1.0.0/16, fd00::/8")
	require.NoError(t, err)
	require.NoError(t, allowed.check(t.Context(), "tcp", "10.1.2.3:443", nil))
	require.NoError(t, allowed.check(t.Context(), "tcp", "[fd00::1]:443", nil))
	require.ErrorIs(t, allowed.check(t.Context(), "tcp", "10.2.2.3:443", nil), ErrForbidden)
	_, err = ParseNetworks("10.1.0.0")
	require.Error(t, err)
}

func TestHostIsForbiddenAtOnceIfNothingThereIsCalled(t *testing.T) {
	names := map[string][]string{
		"public.example.com": {"::ffff:93.184.215.14"}, "nas.example.com": {"192.168.1.20", "fd00::1"}, "both.example.com": {"10.0.0.1", "93.184.215.14"},
		"gotify": {"10.1.0.7"}, "db.internal": {"10.9.0.1"},
	}
	lookup := func(_ context.Context, _, host string) (found []netip.Addr, err error) {
		for _, address := range names[host] {
			found = append(found, netip.MustParseAddr(address))
		}
		if found == nil {
			err = errors.New("no such host")
		}
		return found, err
	}
	allowed, err := ParseNetworks("10.1.0.0/16")
	require.NoError(t, err)
	for host, forbidden := range map[string][2]bool{ // by nobody's permission, and with some networks allowed
		"127.0.0.1": {true, true}, "10.1.2.3": {true, false}, "::1": {true, true}, "fe80::1%eth0": {true, true}, "::ffff:10.1.2.3": {true, false}, "8.8.8.8": {false, false},
		"public.example.com": {false, false}, "nas.example.com": {true, true}, "both.example.com": {false, false}, "unknown.example.com": {false, false},
		"localhost": {true, true}, "gotify": {true, false}, "db.internal": {true, true}, "other.internal": {true, true}, "printer.local.": {true, true}, "x.home.arpa": {true, true},
	} {
		for i, networks := range []Networks{nil, allowed} {
			at, refused := networks.forbid(t.Context(), host, lookup)
			require.Equal(t, forbidden[i], refused, host)
			require.Equal(t, host == "nas.example.com", at.IsValid(), "%s: only of a public name the address is told", host)
			if at.IsValid() {
				require.Equal(t, "192.168.1.20", at.String())
			}
		}
	}
}

// Otherwise users could find out which names an internal network has.
func TestNamesOfAnInternalNetworkAreNotLookedUp(t *testing.T) {
	for _, host := range []string{"db", "db.internal", "svc.cluster.local", "nas.lan", "localhost"} {
		_, forbidden := Networks(nil).forbid(t.Context(), host, func(context.Context, string, string) ([]netip.Addr, error) {
			require.Fail(t, "looked up", host)
			return nil, nil
		})
		require.True(t, forbidden)
	}
}

func TestNameThatComesToAPrivateAddressIsNotCalled(t *testing.T) {
	called := false
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { called = true }))
	defer server.Close()
	client := NewClient(nil, time.Second)
	for _, host := range []string{"127.0.0.1", "localhost"} {
		url := "http://" + host + server.URL[len("http://127.0.0.1"):]
		err := post(context.Background(), client, url, nil, http.Header{}, time.Now())
		require.ErrorContains(t, err, ErrForbidden.Error())
	}
	require.False(t, called)
}

func TestRedirectIsNotFollowedAndTheProxyOfTheEnvironmentIsNotAsked(t *testing.T) {
	t.Setenv("HTTP_PROXY", "http://127.0.0.1:1")
	calls := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		calls++
		http.Redirect(w, r, "/elsewhere", http.StatusFound)
	}))
	defer server.Close()
	allowed, err := ParseNetworks("127.0.0.0/8")
	require.NoError(t, err)
	err = post(t.Context(), NewClient(allowed, time.Second), server.URL, nil, http.Header{}, time.Now())
	require.ErrorContains(t, err, "redirect")
	require.Equal(t, 1, calls)
}

func TestRetryAfterIsReadAndBounded(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for value, want := range map[string]time.Duration{
		"": 0, "120": 2 * time.Minute, "Sun, 01 Mar 2026 12:05:00 GMT": 5 * time.Minute,
		"Sun, 01 Mar 2026 11:00:00 GMT": 0, "-5": 0, "0.3": time.Second, "64.57": 65 * time.Second, "1e300": maxRetryAfter, "NaN": 0, "Inf": maxRetryAfter, "9999999": maxRetryAfter, "soon": 0,
	} {
		require.Equal(t, want, retryAfter(value, now), value)
	}
}

// Else a user could find out which names there are in the network inside.
func TestUnknownNameIsToldApartFromAForbiddenOneByNobody(t *testing.T) {
	resolver := &net.Resolver{PreferGo: true, Dial: func(context.Context, string, string) (net.Conn, error) { return nil, errors.New("no server") }}
	_, unknown := resolver.LookupHost(t.Context(), "nothing.invalid")
	require.Error(t, unknown)
	wrapped := &url.Error{Op: "Post", URL: "https://nothing.invalid", Err: &net.OpError{Op: "dial", Err: unknown}}
	forbidden := post(t.Context(), NewClient(nil, time.Second), "http://127.0.0.1:9", nil, http.Header{}, time.Now())
	require.EqualError(t, forbidden, reason(wrapped))
}
