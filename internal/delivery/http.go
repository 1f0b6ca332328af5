package delivery

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"net/http"
	"strconv"
	"time"
)

const (
	maxResponse   = 4 << 10 // bytes of an answer that are read
	maxRetryAfter = 24 * time.Hour
)

// post makes one call. Any 2xx is success.
func post(ctx context.Context, client *http.Client, url string, body []byte, header http.Header, now time.Time) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return &Failure{Reason: "the address is no URL"}
	}
	header.Set("User-Agent", "Tickler")
	request.Header = header
	response, err := client.Do(request)
	if err != nil {
		return &Failure{Reason: reason(err)}
	}
	defer func() { _ = response.Body.Close() }()
	answer, _ := io.ReadAll(io.LimitReader(response.Body, maxResponse)) // also so that the connection can be reused
	switch {
	case response.StatusCode/100 == 2:
		return nil
	case response.StatusCode/100 == 3:
		return &Failure{Reason: fmt.Sprintf("it answers %d, a redirect, which is not followed", response.StatusCode)}
	}
	return &Failure{
		Reason:     fmt.Sprintf("it answers %d %s", response.StatusCode, http.StatusText(response.StatusCode)),
		RetryAfter: retryAfter(response.Header.Get("Retry-After"), now),
		Gone:       response.StatusCode == http.StatusGone,
		status:     response.StatusCode,
		answer:     answer,
	}
}

// postJSON makes one call with a JSON body.
func postJSON(ctx context.Context, client *http.Client, url string, content any, header http.Header, now time.Time) error {
	body, err := json.Marshal(content)
	if err != nil {
		return &Failure{Reason: "the message could not be encoded"}
	}
	header.Set("Content-Type", "application/json")
	return post(ctx, client, url, body, header, now)
}

// refused returns the refusal that err is, for its sender to explain; nil if there was
// no answer.
func refused(err error) *Failure {
	var f *Failure
	if errors.As(err, &f) && f.status > 0 {
		return f
	}
	return nil
}

// waitSeconds sets the pause that an answer asks for in its body.
func (f *Failure) waitSeconds(seconds float64) {
	if seconds > 0 {
		f.RetryAfter = max(f.RetryAfter, time.Duration(min(seconds, maxRetryAfter.Seconds())*float64(time.Second)))
	}
}

// reason says why there was no answer, without revealing the internal network.
func reason(err error) string {
	var unknown *net.DNSError
	var network net.Error
	var plain tls.RecordHeaderError
	switch {
	case errors.Is(err, ErrForbidden), errors.As(err, &unknown):
		return ErrForbidden.Error()
	case errors.As(err, &network) && network.Timeout():
		return "it does not answer in time"
	case errors.Is(err, http.ErrSchemeMismatch), errors.As(err, &plain):
		return "it does not speak TLS; for a server without it, the address begins with ntfy+http:// or http://"
	default:
		return "the connection failed"
	}
}

// retryAfter reads the header: seconds, of which some services send fractions, or a
// date.
// https://www.rfc-editor.org/rfc/rfc9110#section-10.2.3
func retryAfter(value string, now time.Time) time.Duration {
	var wait time.Duration
	if seconds, err := strconv.ParseFloat(value, 64); err == nil && seconds >= 0 {
		wait = time.Duration(math.Ceil(min(seconds, maxRetryAfter.Seconds()))) * time.Second
	} else if at, err := http.ParseTime(value); err == nil {
		wait = at.Sub(now)
	}
	return max(0, min(wait, maxRetryAfter))
}
