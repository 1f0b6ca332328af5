// Package home is the folder where a local stack keeps its state: data,
// secrets, logs, process ids, and the file that clients source.
package home

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// Home is a locked state folder; one stack at a time can use it.
type Home struct {
	Path    string
	Secrets Secrets
	lock    *os.File
}

// Secrets are created once for a home and kept, since its Postgres cluster and
// broker keep them too.
type Secrets struct {
	// Tokens of `dapr run`, which gives all apps and sidecars one environment.
	DaprAPIToken string `json:"dapr_api_token"`
	AppAPIToken  string `json:"app_api_token"`
	// Apps are those of each app, by its id, where each can have its own.
	Apps map[string]App `json:"apps"`

	KafkaUsername    string `json:"kafka_username"`
	KafkaPassword    string `json:"kafka_password"`
	PostgresUsername string `json:"postgres_username"`
	PostgresPassword string `json:"postgres_password"`
	ChannelKey       string `json:"channel_key"` // TICKLER_SECRET_KEY
}

// App holds the secrets of one app and its sidecars.
type App struct {
	DaprAPIToken string `json:"dapr_api_token"` // which the sidecar demands of the app
	AppAPIToken  string `json:"app_api_token"`  // which the app demands of the sidecar
	// BrokerPassword of the app's own user.
	BrokerPassword string `json:"broker_password"`
}

const secretsFile = "secrets.json"

// ErrInUse is returned by Open for a home that a running stack holds.
var ErrInUse = errors.New("a stack is running there")

// Open locks the home at path, and creates it if needed.
func Open(path string) (*Home, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	// Others may traverse it but not list it: Postgres runs under another user id
	// if the supervisor is root.
	if err := os.MkdirAll(path, 0o711); err != nil {
		return nil, err
	}
	h := &Home{Path: path}
	if err := h.acquire(); err != nil {
		return nil, fmt.Errorf("home %s: %w", path, err)
	}
	for _, dir := range []string{"run", "log"} {
		if err := os.MkdirAll(h.In(dir), 0o700); err != nil {
			return nil, errors.Join(err, h.Close())
		}
	}
	if err := h.loadSecrets(); err != nil {
		return nil, errors.Join(fmt.Errorf("secrets of home %s: %w", path, err), h.Close())
	}
	return h, nil
}

func (h *Home) acquire() error {
	file, err := os.OpenFile(h.In("lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	if err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		holder := make([]byte, 32)
		n, _ := file.Read(holder)
		_ = file.Close()
		return fmt.Errorf("%w (process %s): stop it, or set TICKLER_HOME to another folder",
			ErrInUse, strings.TrimSpace(string(holder[:n])))
	}
	if err := file.Truncate(0); err == nil {
		_, _ = fmt.Fprintln(file, os.Getpid())
	}
	h.lock = file
	return nil
}

// Is reports whether the folder at path is the home of a stack.
func Is(path string) bool {
	_, err := os.Stat(filepath.Join(path, secretsFile))
	return err == nil
}

// Close releases the lock. Closing the file is not enough: a program that is being
// started meanwhile holds a copy until it execs.
func (h *Home) Close() error {
	return errors.Join(syscall.Flock(int(h.lock.Fd()), syscall.LOCK_UN), h.lock.Close())
}

// In is the path of a name inside the home.
func (h *Home) In(name ...string) string {
	return filepath.Join(append([]string{h.Path}, name...)...)
}

// PidFile of a part.
func (h *Home) PidFile(part string) string { return h.In("run", part+".pid") }

// LogFile of a part.
func (h *Home) LogFile(part string) string { return h.In("log", part+".log") }

func (h *Home) loadSecrets() error {
	path := h.In(secretsFile)
	text, err := os.ReadFile(path)
	switch {
	case err == nil:
		if err := json.Unmarshal(text, &h.Secrets); err != nil || h.Secrets.ChannelKey != "" {
			return err
		}
	case os.IsNotExist(err):
		h.Secrets = Secrets{
			DaprAPIToken: rand.Text(), AppAPIToken: rand.Text(),
			KafkaUsername: "tickler", KafkaPassword: rand.Text(),
			PostgresUsername: "tickler", PostgresPassword: rand.Text(),
		}
	default:
		return err
	}
	key := make([]byte, 32)
	_, _ = rand.Read(key) // never fails
	h.Secrets.ChannelKey = "local:" + base64.StdEncoding.EncodeToString(key)
	return h.keepSecrets()
}

// EnsureApps creates the secrets of apps that have none yet.
func (h *Home) EnsureApps(ids ...string) error {
	made := false
	for _, id := range ids {
		if _, kept := h.Secrets.Apps[id]; kept {
			continue
		}
		if h.Secrets.Apps == nil {
			h.Secrets.Apps = map[string]App{}
		}
		h.Secrets.Apps[id] = App{DaprAPIToken: rand.Text(), AppAPIToken: rand.Text(), BrokerPassword: rand.Text()}
		made = true
	}
	if !made {
		return nil
	}
	return h.keepSecrets()
}

func (h *Home) keepSecrets() error {
	text, err := json.MarshalIndent(h.Secrets, "", "  ")
	if err != nil {
		return err
	}
	return writePrivate(h.In(secretsFile), append(text, '\n'))
}

// Token returns the kept access token, "" when there is none.
func (h *Home) Token() string {
	text, _ := os.ReadFile(h.In("token"))
	return strings.TrimSpace(string(text))
}

// KeepToken keeps an access token for the next start.
func (h *Home) KeepToken(token string) error {
	return writePrivate(h.In("token"), []byte(token+"\n"))
}

// writePrivate replaces the file at path as a whole; only its owner may read it.
func writePrivate(path string, text []byte) error {
	half := path + ".new"
	if err := os.WriteFile(half, text, 0o600); err != nil {
		return err
	}
	return os.Rename(half, path)
}
