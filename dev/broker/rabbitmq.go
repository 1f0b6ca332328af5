package broker

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"tickler/dev/port"
	"tickler/dev/process"
)

// Epmd is the part by which Erlang nodes find each other, which RabbitMQ needs.
// Left alone, it would start one for the whole machine that outlives it.
const Epmd = "epmd"

// A minute is for events that Dapr has fetched and lost sight of: docs/brokers.md.
const rabbitMQSettings = `listeners.tcp.local = %s
consumer_timeout = 60000
log.file = false
log.console = true
log.console.level = warning
definitions.import_backend = local_filesystem
definitions.local.path = %s
`

func (l Local) rabbitMQ() ([]process.Spec, error) {
	server, err := rabbitMQServer.find()
	if err != nil {
		return nil, err
	}
	mapper, err := epmd.find()
	if err != nil {
		return nil, err
	}
	data, user, err := l.dataDir("rabbitmq", "rabbitmq")
	if err != nil {
		return nil, err
	}
	definitions, err := l.definitions()
	if err != nil {
		return nil, err
	}
	in := func(name string) string { return filepath.Join(data, name) }
	for name, text := range map[string]string{
		"rabbitmq.conf":    fmt.Sprintf(rabbitMQSettings, port.Address(l.Port), in("definitions.json")),
		"definitions.json": definitions,
		"enabled_plugins":  "[].\n",
	} {
		if err := writeFile(user, in(name), text); err != nil {
			return nil, err
		}
	}
	var nodes [2]int // ports between Erlang nodes: of epmd, and of this one
	for i := range nodes {
		if nodes[i], err = l.FreePort(); err != nil {
			return nil, err
		}
	}
	env := []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + data, "LANG=C.UTF-8",
		"ERL_EPMD_ADDRESS=" + port.Host, "ERL_EPMD_PORT=" + strconv.Itoa(nodes[0]),
		"RABBITMQ_NODENAME=tickler@localhost",
		"RABBITMQ_DIST_PORT=" + strconv.Itoa(nodes[1]),
		"RABBITMQ_CONF_ENV_FILE=" + os.DevNull, // ignore the machine's own configuration
		"RABBITMQ_CONFIG_FILE=" + in("rabbitmq.conf"),
		"RABBITMQ_ADVANCED_CONFIG_FILE=" + in("advanced.config"),
		"RABBITMQ_ENABLED_PLUGINS_FILE=" + in("enabled_plugins"),
		"RABBITMQ_MNESIA_BASE=" + in("mnesia"),
		"RABBITMQ_LOG_BASE=" + in("log"),
		// Nodes listen on the loopback interface only, and an idle one does not
		// busy-wait.
		"RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS=-kernel inet_dist_use_interface {127,0,0,1} +sbwt none +sbwtdcpu none +sbwtdio none",
		// The script execs the server, so that the process id is the server's.
		"RUNNING_UNDER_SYSTEMD=1",
	}
	l.Say("broker: RabbitMQ on port %d, data in %s", l.Port, data)
	return []process.Spec{
		{
			Name:    Epmd,
			Command: []string{mapper, "-address", port.Host, "-port", strconv.Itoa(nodes[0])},
			Dir:     data, Env: env, UID: user.UID, GID: user.GID,
		},
		l.spec(process.Spec{
			Command: []string{server}, Dir: data, Env: env, UID: user.UID, GID: user.GID,
		}),
	}, nil
}

// definitions are those of the broker's folder, with the users. RabbitMQ makes them at
// every start.
func (l Local) definitions() (string, error) {
	all := map[string]any{}
	for _, name := range []string{"definitions.json", "permissions.json"} {
		path := filepath.Join(l.Root, "components", "servers", "rabbitmq", name)
		text, err := os.ReadFile(path)
		if err != nil {
			return "", fmt.Errorf("what RabbitMQ needs: %w", err)
		}
		if err := json.Unmarshal(text, &all); err != nil {
			return "", fmt.Errorf("%s: %w", path, err)
		}
	}
	users := []any{map[string]any{"name": l.Username, "password": l.Password, "tags": "administrator"}}
	permissions := []any{map[string]any{"user": l.Username, "vhost": "/", "configure": ".*", "write": ".*", "read": ".*"}}
	for _, login := range l.Logins {
		users = append(users, map[string]any{"name": login.User, "password": login.Password, "tags": ""})
		for _, permission := range all["permissions"].([]any) {
			if permission.(map[string]any)["user"] == login.User {
				permissions = append(permissions, permission)
			}
		}
	}
	maps.Copy(all, map[string]any{"users": users, "permissions": permissions})
	complete := new(strings.Builder)
	err := json.NewEncoder(complete).Encode(all)
	return complete.String(), err
}
