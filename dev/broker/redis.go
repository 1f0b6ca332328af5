package broker

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"tickler/dev/port"
	"tickler/dev/process"
)

// settings of Redis: it writes to disk before it acknowledges, since a lost event
// is worse than a slow one, and it evicts nothing.
const redisSettings = `bind %s
port %d
requirepass %s
dir %s
appendonly yes
appendfsync always
save ""
maxmemory-policy noeviction
`

func (l Local) redis() ([]process.Spec, error) {
	server, err := redisServer.find()
	if err != nil {
		return nil, err
	}
	data, user, err := l.dataDir("redis", "redis")
	if err != nil {
		return nil, err
	}
	settings := filepath.Join(data, "redis.conf")
	users, err := l.redisUsers()
	if err != nil {
		return nil, err
	}
	text := fmt.Sprintf(redisSettings, port.Host, l.Port, l.Password, quoted(data)) + users
	if err := writeFile(user, settings, text); err != nil {
		return nil, err
	}
	l.Say("broker: Redis on port %d, data in %s", l.Port, data)
	return []process.Spec{l.spec(process.Spec{
		Command: []string{server, settings},
		Dir:     data, Env: l.Environment,
		UID: user.UID, GID: user.GID,
	})}, nil
}

// redisUsers are those of the broker's folder, with their passwords.
func (l Local) redisUsers() (string, error) {
	path := filepath.Join(l.Root, "components", "servers", "redis", "users.acl")
	text, err := os.ReadFile(path)
	if err != nil {
		return "", fmt.Errorf("the users of Redis: %w", err)
	}
	var users strings.Builder
	for _, login := range l.Logins {
		for line := range strings.Lines(string(text)) {
			if strings.HasPrefix(line, "user "+login.User+" ") {
				users.WriteString(strings.Replace(line, "PASSWORD", login.Password, 1))
			}
		}
	}
	return users.String(), nil
}

// quoted quotes a text for Redis's configuration.
func quoted(text string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(text) + `"`
}
