package oauth

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
	"golang.org/x/sync/singleflight"

	"tickler/internal/fault"
)

const (
	maxDocument  = 10 << 10        // bytes
	maxAddress   = 500             // bytes of the address of a document
	documentTime = 5 * time.Second // for a turn to begin, and then for the fetch
	// A document that says nothing of how long it is good is fetched again after
	// standardFresh; none is kept for longer than longestFresh.
	standardFresh = 5 * time.Minute
	longestFresh  = 24 * time.Hour
	// documentsKept bounds the cache, and fetchesAtATime the requests: of all, and of
	// each user and to each host, so that nobody's slow servers keep others waiting.
	documentsKept      = 1000
	fetchesAtATime     = 32
	fetchesAtATimeEach = 2
)

// documents fetches what clients say of themselves at the address that is their id.
// It is safe for concurrent use.
type documents struct {
	client *http.Client
	now    func() time.Time
	known  *lru.Cache[string, knownDocument]
	asking singleflight.Group

	users, hosts, all *turns
	patience, lasts   time.Duration // how long a turn is waited for, and a fetch may last
}

type knownDocument struct {
	client client
	until  time.Time
}

func newDocuments(client *http.Client, now func() time.Time) *documents {
	known, err := lru.New[string, knownDocument](documentsKept)
	if err != nil {
		panic(err) // the size is a constant
	}
	return &documents{
		client: client, now: now, known: known, users: newTurns(fetchesAtATimeEach), hosts: newTurns(fetchesAtATimeEach), all: newTurns(fetchesAtATime),
		patience: documentTime, lasts: documentTime,
	}
}

// checkAddress returns what is wrong with the address of a document.
// https://datatracker.ietf.org/doc/html/draft-ietf-oauth-client-id-metadata-document#section-3
func checkAddress(id string) error {
	u, err := url.Parse(id)
	bad := strings.ContainsFunc(id, func(r rune) bool { return r <= ' ' || r > '~' || strings.ContainsRune("\"<>\\^`{|}", r) })
	if err != nil || bad || len(id) > maxAddress || u.Scheme != "https" || !hostAndPort.MatchString(u.Host) || u.User != nil || strings.Contains(id, "#") ||
		u.Path == "" || u.Path == "/" || strings.Contains(u.EscapedPath(), "/./") || strings.Contains(u.EscapedPath(), "/../") {
		return errors.New("the address by which it describes itself must be https:// with a host and a path, without user and fragment")
	}
	return nil
}

// errBusy means that no turn came within documentTime.
var errBusy = fault.Busy("too many descriptions of programs are being read at the moment")

// get returns the client that a document describes, for a user. The error says what is
// wrong with the document, for a person; its code is unavailable if too many are being
// fetched.
func (d *documents) get(ctx context.Context, userID int64, id string) (client, error) {
	if err := checkAddress(id); err != nil {
		return client{}, undescribed(err)
	}
	if known, there := d.fresh(id); there {
		return known.client, nil
	}
	// The turn of the user comes first: others who want the same document must not wait
	// for it.
	waiting, cancel := context.WithTimeout(ctx, d.patience)
	defer cancel()
	done, ok := d.users.take(waiting, strconv.FormatInt(userID, 10))
	if !ok {
		return client{}, errBusy
	}
	defer done()
	if known, there := d.fresh(id); there {
		return known.client, nil
	}
	// Detach: waiters must not be cancelled with the request that started the fetch.
	found, err, _ := d.asking.Do(id, func() (any, error) { return d.inTurn(context.WithoutCancel(ctx), id) })
	if errors.Is(err, errBusy) {
		return client{}, err
	}
	if err != nil {
		return client{}, undescribed(err)
	}
	known := found.(knownDocument)
	if known.until.After(d.now()) {
		d.known.Add(id, known)
	}
	return known.client, nil
}

func undescribed(err error) error {
	return &fault.Error{Code: fault.InvalidInput, Message: "what this program says of itself cannot be used: " + err.Error()}
}

// fresh returns a document that need not be fetched again.
func (d *documents) fresh(id string) (knownDocument, bool) {
	known, there := d.known.Get(id)
	return known, there && d.now().Before(known.until)
}

// inTurn fetches a document when its host, and this server, have a turn for it.
func (d *documents) inTurn(ctx context.Context, id string) (knownDocument, error) {
	waiting, cancel := context.WithTimeout(ctx, d.patience)
	defer cancel()
	for _, t := range []struct {
		*turns
		key string
	}{{d.hosts, hostOf(id)}, {d.all, ""}} {
		done, ok := t.take(waiting, t.key)
		if !ok {
			return knownDocument{}, errBusy
		}
		defer done()
	}
	return d.fetch(ctx, id)
}

func (d *documents) fetch(ctx context.Context, id string) (knownDocument, error) {
	ctx, cancel := context.WithTimeout(ctx, d.lasts)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, id, nil)
	if err != nil {
		return knownDocument{}, errors.New("its address is not one")
	}
	request.Header.Set("Accept", "application/json")
	response, err := d.client.Do(request)
	if err != nil {
		// The error itself would reveal hosts and ports of the network here.
		return knownDocument{}, fmt.Errorf("its description at %s does not answer", hostOf(id))
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK {
		return knownDocument{}, fmt.Errorf("its description at %s answers with %d instead of 200", hostOf(id), response.StatusCode)
	}
	if kind, _, _ := mime.ParseMediaType(response.Header.Get("Content-Type")); kind != "application/json" && !strings.HasSuffix(kind, "+json") {
		return knownDocument{}, errors.New("its description is not JSON")
	}
	text, err := io.ReadAll(io.LimitReader(response.Body, maxDocument+1))
	switch {
	case err != nil:
		return knownDocument{}, errors.New("its description did not arrive whole within 5 seconds")
	case len(text) > maxDocument:
		return knownDocument{}, errors.New("its description is larger than 10 KB")
	}
	one, err := parseDocument(id, text)
	return knownDocument{one, d.now().Add(freshFor(response.Header))}, err
}

// parseDocument reads the document at the address id.
func parseDocument(id string, text []byte) (client, error) {
	var said described
	if err := descriptions.Check(text); err != nil || json.Unmarshal(text, &said) != nil {
		return client{}, errors.New("its description is not a JSON object as it should be")
	}
	if said.ClientID != id {
		return client{}, errors.New("its description is that of another program")
	}
	if strings.HasPrefix(said.AuthMethod, "client_secret") {
		return client{}, errors.New("it wants a shared secret, which a public description cannot have")
	}
	if _, err := said.check(); err != nil {
		return client{}, err
	}
	return client{id: id, name: said.Name, redirects: said.Redirects, vouched: hostOf(id)}, nil
}

// freshFor is how long a document need not be fetched again.
// https://www.rfc-editor.org/rfc/rfc9111#section-5.2.2
func freshFor(header http.Header) time.Duration {
	fresh := standardFresh
	for directive := range strings.SplitSeq(strings.ToLower(strings.Join(header.Values("Cache-Control"), ",")), ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(directive), "=")
		switch name {
		case "no-store", "no-cache":
			return 0
		case "max-age":
			if seconds, err := strconv.ParseUint(strings.Trim(value, `"`), 10, 31); err == nil {
				fresh = min(time.Duration(seconds)*time.Second, longestFresh)
			}
		}
	}
	return fresh
}
