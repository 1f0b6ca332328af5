package lifecycle

import (
	"crypto/tls"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"
)

// certificateInterval is how often the certificate's files are checked for changes.
const certificateInterval = 10 * time.Second

// certificate is read from files and reloaded when they change.
type certificate struct {
	cert, key string
	log       *slog.Logger

	mu      sync.Mutex
	current *tls.Certificate
	changed time.Time // of the files as they were read
	looked  time.Time
}

// TLS returns a configuration that serves the certificate in two files, and reloads
// a renewed one. It returns nil when no files are named.
func TLS(cert, key string, log *slog.Logger) (*tls.Config, error) {
	if cert == "" {
		return nil, nil
	}
	c := &certificate{cert: cert, key: key, log: log}
	if err := c.read(); err != nil {
		return nil, err
	}
	return &tls.Config{
		MinVersion: tls.VersionTLS12, NextProtos: []string{"http/1.1"},
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return c.get(time.Now()), nil },
	}, nil
}

func (c *certificate) get(now time.Time) *tls.Certificate {
	c.mu.Lock()
	defer c.mu.Unlock()
	if now.Sub(c.looked) >= certificateInterval {
		c.looked = now
		if c.modified().After(c.changed) {
			if err := c.read(); err != nil {
				c.log.Warn("the renewed certificate cannot be read; the old one is served on", "error", err)
			}
		}
	}
	return c.current
}

// modified is when the newer of the two files was written.
func (c *certificate) modified() (newest time.Time) {
	for _, path := range []string{c.cert, c.key} {
		if info, err := os.Stat(path); err == nil && info.ModTime().After(newest) {
			newest = info.ModTime()
		}
	}
	return newest
}

func (c *certificate) read() error {
	changed := c.modified()
	pair, err := tls.LoadX509KeyPair(c.cert, c.key)
	if err != nil {
		return fmt.Errorf("read the certificate %s with the key %s: %w", c.cert, c.key, err)
	}
	c.current, c.changed = &pair, changed
	return nil
}
