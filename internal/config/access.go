package config

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"tickler/internal/access"
)

// Guard holds the settings of api's guard.
type Guard struct {
	PublicURL                          string // without a slash at its end
	PublicURLSet                       bool   // by the operator: the default is an address on this machine
	Hosts, Origins, Proxies            []string
	UserRate, AddressRate, FailureRate float64
	UserCalls                          int
	Issuers, Audiences, Algorithms     []string
	IssuersGrantAdmin                  bool
	Registration                       bool            // whether clients may register
	SignInClients                      []access.Client // of the issuers with which people sign in
	TLSCertificate, TLSKey             string          // paths
}

const publicURL = "TICKLER_PUBLIC_URL"

// standardURL leads to an address on this machine, by name: browsers take passkeys at
// localhost, and not at 127.0.0.1.
func standardURL(listen string) string {
	if port, found := strings.CutPrefix(listen, "127.0.0.1:"); found {
		listen = "localhost:" + port
	}
	return "http://" + listen
}

// guardSettings lists the variables of api's guard. listen is api's default
// address.
func guardSettings(listen string) []setting {
	return []setting{
		{name: publicURL, standard: standardURL(listen), help: "how callers reach this server; access tokens must be issued for it, and links in mail lead to it: without it no address of mail can be confirmed. People sign in to the page over https, or on this machine", read: func(c *Config, v string) error {
			u, err := url.Parse(v)
			if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" || u.RawQuery != "" || u.Fragment != "" || u.User != nil {
				return errors.New("must be a URL, for example https://tickler.example.com")
			}
			c.Guard.PublicURL = strings.TrimRight(v, "/")
			return nil
		}},
		{name: "TICKLER_HOSTS", optional: true, help: "more names that callers may use in the Host header, separated by commas; * for any", read: func(c *Config, v string) error {
			c.Guard.Hosts = list(strings.ToLower(v))
			return nil
		}},
		{name: "TICKLER_ORIGINS", optional: true, help: "origins of web pages that may call, for example https://app.example.com", read: func(c *Config, v string) error {
			for _, origin := range list(v) {
				u, err := url.Parse(origin)
				if err != nil || origin != u.Scheme+"://"+strings.ToLower(u.Host) || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
					return errors.New("must be origins as browsers send them, without a path, separated by commas, for example https://app.example.com,http://localhost:6274")
				}
			}
			c.Guard.Origins = list(v)
			return nil
		}},
		{name: "TICKLER_TRUSTED_PROXIES", optional: true, help: "networks whose X-Forwarded-For is believed, for example 10.0.0.0/8", read: func(c *Config, v string) error {
			for _, network := range list(v) {
				if _, err := netip.ParsePrefix(network); err != nil {
					return errors.New("must be networks separated by commas, for example 10.0.0.0/8,fd00::/8")
				}
			}
			c.Guard.Proxies = list(v)
			return nil
		}},
		{name: "TICKLER_USER_RATE", standard: "100", help: "calls a second of one user, on each replica; 0 for no limit", read: perSecond(func(c *Config, n float64) { c.Guard.UserRate = n })},
		{name: "TICKLER_USER_CALLS", standard: "20", help: "calls of one user at the same time, on each replica; 0 for no limit", read: count(func(c *Config, n int) { c.Guard.UserCalls = n })},
		{name: "TICKLER_ADDRESS_RATE", standard: "1000", help: "calls a second from one address, on each replica; 0 for no limit", read: perSecond(func(c *Config, n float64) { c.Guard.AddressRate = n })},
		{name: "TICKLER_FAILURE_RATE", standard: "20", help: "refused tokens a second from one address, on each replica; 0 for no limit", read: perSecond(func(c *Config, n float64) { c.Guard.FailureRate = n })},
		{name: "TICKLER_ISSUERS", optional: true, help: "OAuth 2.1 or OpenID Connect issuers whose access tokens are accepted, separated by commas", read: func(c *Config, v string) error {
			for _, issuer := range list(v) {
				if err := access.CheckIssuer(issuer); err != nil {
					return err
				}
			}
			c.Guard.Issuers = list(v)
			return nil
		}},
		{name: "TICKLER_ISSUERS_GRANT_ADMIN", standard: "no", help: "yes: an issuer's token with the scope admin may read the audit of all users; no: only personal tokens have that scope", read: func(c *Config, v string) error {
			if v != "yes" && v != "no" {
				return errors.New("must be yes or no")
			}
			c.Guard.IssuersGrantAdmin = v == "yes"
			return nil
		}},
		{name: "TICKLER_SIGN_IN_CLIENTS", optional: true, help: "ISSUER=CLIENT_ID, several separated by commas: people may sign in to the page with these issuers, which must be among TICKLER_ISSUERS", read: func(c *Config, v string) error {
			for _, pair := range list(v) {
				issuer, id, found := strings.Cut(pair, "=")
				if !found || id == "" || !slices.Contains(c.Guard.Issuers, issuer) {
					return errors.New("must be ISSUER=CLIENT_ID with an issuer of TICKLER_ISSUERS, for example https://id.example.com=tickler")
				}
				c.Guard.SignInClients = append(c.Guard.SignInClients, access.Client{Issuer: issuer, ID: id})
			}
			return nil
		}},
		{name: "TICKLER_SIGN_IN_SECRETS", optional: true, help: "ISSUER=SECRET, for clients of TICKLER_SIGN_IN_CLIENTS that have one", read: func(c *Config, v string) error {
			for _, pair := range list(v) {
				issuer, secret, found := strings.Cut(pair, "=")
				i := slices.IndexFunc(c.Guard.SignInClients, func(client access.Client) bool { return client.Issuer == issuer })
				if !found || secret == "" || i < 0 {
					return errors.New("must be ISSUER=SECRET with an issuer of TICKLER_SIGN_IN_CLIENTS")
				}
				c.Guard.SignInClients[i].Secret = secret
			}
			return nil
		}},
		{name: "TICKLER_CLIENT_REGISTRATION", standard: "yes", help: "yes: programs that a person wants to connect may register themselves, as most do; no: only those that publish a description of themselves can be connected", read: func(c *Config, v string) error {
			if v != "yes" && v != "no" {
				return errors.New("must be yes or no")
			}
			c.Guard.Registration = v == "yes"
			return nil
		}},
		{name: "TICKLER_AUDIENCES", optional: true, help: "what access tokens may be issued for, beside TICKLER_PUBLIC_URL, its /mcp and its /v1", read: func(c *Config, v string) error {
			c.Guard.Audiences = list(v)
			return nil
		}},
		{name: "TICKLER_TOKEN_ALGORITHMS", standard: "RS256,PS256,ES256,EdDSA", help: "algorithms that access tokens may be signed with", read: func(c *Config, v string) error {
			for _, name := range list(v) {
				if !slices.Contains(access.Algorithms, name) {
					return fmt.Errorf("%q is not allowed; allowed are %s", name, strings.Join(access.Algorithms, ", "))
				}
			}
			c.Guard.Algorithms = list(v)
			return nil
		}},
		{name: "TICKLER_TLS_CERT", optional: true, help: "file with the certificate chain to serve TLS with; read again when it changes", read: func(c *Config, v string) error {
			c.Guard.TLSCertificate = v
			return nil
		}},
		{name: "TICKLER_TLS_KEY", optional: true, help: "file with its key", read: func(c *Config, v string) error {
			c.Guard.TLSKey = v
			return nil
		}},
	}
}

func list(text string) []string {
	return strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == ' ' })
}

func perSecond(set func(*Config, float64)) func(*Config, string) error {
	return func(c *Config, v string) error {
		n, err := strconv.ParseFloat(v, 64)
		if err != nil || n < 0 || n > 1e6 {
			return errors.New("must be a number from 0 to 1000000, for example 50")
		}
		set(c, n)
		return nil
	}
}

func count(set func(*Config, int)) func(*Config, string) error {
	return func(c *Config, v string) error {
		n, err := strconv.Atoi(v)
		if err != nil || n < 0 || n > 1e9 {
			return errors.New("must be a whole number from 0 to 1000000000, for example 20")
		}
		set(c, n)
		return nil
	}
}
