package access

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/MicahParks/keyfunc/v3"
	"golang.org/x/time/rate"

	"tickler/internal/limit"
)

const (
	// refreshInterval is the least time between two fetches of an issuer's keys
	// because of unknown key ids, however many such tokens arrive.
	refreshInterval = time.Minute
	// retryInterval is how often an issuer that has not answered yet is asked
	// again.
	retryInterval = 5 * time.Second
	fetchTimeout  = 5 * time.Second
	maxDocument   = 1 << 20 // bytes
)

// ErrIssuerAway says that an issuer's keys could not be fetched yet.
var ErrIssuerAway = errors.New("the issuer of the token does not answer")

// issuer fetches its keys when they are first needed.
type issuer struct {
	name     string
	mu       sync.Mutex
	keys     keyfunc.Keyfunc // nil until they were fetched
	metadata metadata        // fetched before them
	retry    time.Time
}

// fetched limits the documents of an issuer: it allows more keys than any has.
var fetched = limit.JSON{Depth: 8, Items: 200, Values: 4000}

// limitedTransport refuses a response that is larger than an issuer's documents
// need, or whose decoding would cost many times its size.
type limitedTransport struct{ next http.RoundTripper }

func (t limitedTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	response, err := t.next.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(io.LimitReader(response.Body, maxDocument+1))
	if err == nil && len(text) > maxDocument {
		err = fmt.Errorf("it is larger than %d bytes", maxDocument)
	}
	if err == nil {
		err = fetched.Check(text)
	}
	if err != nil {
		return nil, fmt.Errorf("the document of an issuer is not taken: %w", err)
	}
	response.Body = io.NopCloser(bytes.NewReader(text))
	return response, nil
}

// keysOf fetches the keys of an issuer, once; after that they are refreshed.
func (all *Issuers) keysOf(from *issuer) (keyfunc.Keyfunc, error) {
	from.mu.Lock()
	defer from.mu.Unlock()
	if from.keys != nil {
		return from.keys, nil
	}
	if time.Now().Before(from.retry) {
		return nil, ErrIssuerAway
	}
	from.retry = time.Now().Add(retryInterval)
	told, err := all.discover(from.name)
	if err == nil {
		from.metadata = told
		unknown := rate.NewLimiter(rate.Every(refreshInterval), 1)
		unknown.Allow() // the first fetch is this one
		mustFetch := false
		from.keys, err = keyfunc.NewDefaultOverrideCtx(all.ctx, []string{told.Keys}, keyfunc.Override{
			Client: all.client, HTTPTimeout: fetchTimeout, NoErrorReturnFirstHTTPReq: &mustFetch,
			RefreshInterval: time.Hour, RefreshUnknownKID: unknown, RateLimitWaitMax: fetchTimeout,
			RefreshErrorHandlerFunc: func(string) func(context.Context, error) {
				return func(_ context.Context, err error) {
					all.log.Warn("the keys of an issuer could not be refreshed", "issuer", from.name, "error", err)
				}
			},
		})
	}
	if err != nil {
		all.log.Warn("the keys of an issuer could not be fetched", "issuer", from.name, "error", err)
		return nil, ErrIssuerAway
	}
	return from.keys, nil
}

// discover asks an issuer where its keys are, by either of the two well-known
// addresses.
// https://www.rfc-editor.org/rfc/rfc8414#section-3
func (all *Issuers) discover(name string) (metadata, error) {
	u, err := url.Parse(name)
	if err != nil {
		return metadata{}, err
	}
	path := strings.TrimSuffix(u.Path, "/")
	root := u.Scheme + "://" + u.Host
	var failed []error
	for _, address := range []string{
		root + path + "/.well-known/openid-configuration",
		root + "/.well-known/oauth-authorization-server" + path,
	} {
		told, err := all.fetch(address, name)
		if err == nil {
			return told, nil
		}
		failed = append(failed, err)
	}
	return metadata{}, errors.Join(failed...)
}

// metadata is the part of what an issuer tells of itself that is used here.
type metadata struct {
	Issuer        string   `json:"issuer"`
	Keys          string   `json:"jwks_uri"`
	Authorization string   `json:"authorization_endpoint"`
	Token         string   `json:"token_endpoint"`
	ClientSecret  []string `json:"token_endpoint_auth_methods_supported"`
	NamesItself   bool     `json:"authorization_response_iss_parameter_supported"` // RFC 9207
}

func (all *Issuers) fetch(address, name string) (told metadata, err error) {
	ctx, cancel := context.WithTimeout(all.ctx, fetchTimeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return told, err
	}
	response, err := all.client.Do(request)
	if err != nil {
		return told, err
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK {
		return told, fmt.Errorf("%s answers %s", address, response.Status)
	}
	if err := json.NewDecoder(response.Body).Decode(&told); err != nil {
		return told, fmt.Errorf("read %s: %w", address, err)
	}
	if told.Issuer != name { // RFC 8414, section 3.3: else one could speak for another
		return told, fmt.Errorf("%s is the metadata of %s", address, quoted(told.Issuer))
	}
	if err := checkEndpoint(told.Keys); err != nil {
		return told, fmt.Errorf("the address of the keys in %s: %w", address, err)
	}
	return told, nil
}

func checkEndpoint(address string) error {
	u, err := url.Parse(address)
	if err != nil {
		return err
	}
	return checkSecure(u)
}
