package broker

import (
	"fmt"
	"path/filepath"
	"strings"

	"tickler/dev/port"
	"tickler/dev/process"
)

// settings of Redis: what it acknowledges is on disk, since a lost event is
// worse than a slow one, and nothing is ever evicted for want of memory.
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
	text := fmt.Sprintf(redisSettings, port.Host, l.Port, l.Password, quoted(data))
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

// quoted is a text as Redis's configuration wants it where it has spaces.
func quoted(text string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(text) + `"`
}
