package stack

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"

	"tickler/dev/broker"
	"tickler/dev/home"
	"tickler/dev/port"
	"tickler/dev/runfile"
	"tickler/internal/topics"
)

// User is who the ready-made token belongs to.
const User = "me"

// APIURL is the root of the public API.
func (s *Stack) APIURL() string { return "http://" + port.Address(s.config.APIPort) }

// MCPURL is the MCP endpoint. Its host is that of the page, where people are signed
// in: browsers keep the cookies of localhost and 127.0.0.1 apart.
func (s *Stack) MCPURL() string { return fmt.Sprintf("http://localhost:%d/mcp", s.config.APIPort) }

// Token is a ready-made access token.
func (s *Stack) Token() string { return s.token }

// NewToken creates a token for a user, and the user if needed.
func (s *Stack) NewToken(ctx context.Context, user string) (string, error) {
	create := s.publicCommand(ctx, "token", "create", "--user", user, "--name", "make run")
	var said bytes.Buffer
	create.Stderr = &said
	token, err := create.Output()
	if err != nil {
		return "", fmt.Errorf("%s: %w\n%s", strings.Join(create.Args, " "), err, said.String())
	}
	return strings.TrimSpace(string(token)), nil
}

// DatabaseURL of the stack's Postgres.
func (s *Stack) DatabaseURL() string { return s.databaseURL }

// NewLink makes a link that signs a user in to the page, once, and the user if
// needed.
func (s *Stack) NewLink(ctx context.Context, user string) (string, error) {
	make := s.publicCommand(ctx, "user", "link", "--create", "--user", user)
	var said bytes.Buffer
	make.Stderr = &said
	link, err := make.Output()
	if err != nil {
		return "", fmt.Errorf("%s: %w\n%s", strings.Join(make.Args, " "), err, said.String())
	}
	return strings.TrimSpace(string(link)), nil
}

// Broker is how to reach the stack's broker, as the user who may do everything.
func (s *Stack) Broker() broker.Access { return s.broker }

// BrokerAs is how the sidecars of an app reach the broker, if it is one of topics.Apps.
func (s *Stack) BrokerAs(appID string) broker.Access {
	if s.config.BrokerElsewhere != nil { // its users are managed elsewhere
		return s.broker
	}
	return s.broker.As(topics.User(appID), s.home.Secrets.Apps[appID].BrokerPassword)
}

// logins are the users of Tickler's apps on the broker; other apps, as in tests,
// have none.
func (s *Stack) logins() []topics.Login {
	var all []topics.Login
	for _, app := range topics.Apps {
		if own, ok := s.home.Secrets.Apps[app]; ok {
			all = append(all, topics.Login{App: app, User: topics.User(app), Password: own.BrokerPassword})
		}
	}
	return all
}

// Env is what the home's env file exports.
func (s *Stack) Env() map[string]string {
	env := map[string]string{}
	for _, v := range s.variables() {
		env[v.Name] = v.Value
	}
	return env
}

// publicVariable is the setting of api that says how callers reach it.
const publicVariable = "TICKLER_PUBLIC_URL"

// publicURL is what the caller's environment says, as api is told too, or api's own
// address.
func (s *Stack) publicURL() string {
	for _, entry := range inherited() {
		if name, value, _ := strings.Cut(entry, "="); name == publicVariable && value != "" {
			return value
		}
	}
	return cmp.Or(s.config.AppEnv[publicID][publicVariable], s.APIURL())
}

func (s *Stack) variables() []home.Variable {
	secrets := s.home.Secrets
	list := []home.Variable{
		{Name: home.Variables, Value: s.home.Path},
		{Name: "TICKLER_MCP_URL", Value: s.MCPURL()},
		{Name: "TICKLER_TOKEN", Value: s.token},
		{Name: "DATABASE_URL", Value: s.databaseURL},
		{Name: secretKeyVariable, Value: secrets.ChannelKey},
	}
	if s.config.InfraOnly { // `dapr run` gives one environment to all
		list = append(list,
			home.Variable{Name: "DAPR_API_TOKEN", Value: secrets.DaprAPIToken},
			home.Variable{Name: "APP_API_TOKEN", Value: secrets.AppAPIToken})
	} else { // the links that `api user link` prints lead to this stack, not to another one
		list = append(list, home.Variable{Name: publicVariable, Value: s.publicURL()})
	}
	list = append(list, s.broker.Variables()...)
	list = append(list, s.traces.variables(s.config.InfraOnly)...)
	for _, app := range s.apps {
		prefix := "TICKLER_" + strings.ToUpper(strings.ReplaceAll(app.name, "-", "_"))
		list = append(list, home.Variable{Name: prefix + "_URL", Value: app.url()})
		if !s.config.InfraOnly {
			own := secrets.Apps[app.AppID]
			list = append(list,
				home.Variable{Name: prefix + "_DAPR_API_TOKEN", Value: own.DaprAPIToken},
				home.Variable{Name: prefix + "_APP_API_TOKEN", Value: own.AppAPIToken})
		}
		for _, p := range []struct {
			name string
			port int
		}{
			{"_APP_PORT", app.ports.App},
			{"_DAPR_HTTP_PORT", app.ports.DaprHTTP},
			{"_DAPR_GRPC_PORT", app.ports.DaprGRPC},
			{"_DAPR_METRICS_PORT", app.ports.Metrics},
			{"_DAPR_INTERNAL_PORT", app.ports.DaprInternal},
		} {
			if p.port != 0 {
				list = append(list, home.Variable{Name: prefix + p.name, Value: strconv.Itoa(p.port)})
			}
		}
	}
	return list
}

// ensureToken creates the ready-made token unless the kept one still works: the
// database may have been recreated.
func (s *Stack) ensureToken(ctx context.Context) error {
	s.token = s.home.Token()
	if s.token != "" && (s.config.InfraOnly || s.accepted(ctx)) {
		return nil
	}
	token, err := s.NewToken(ctx, User)
	if err != nil {
		return err
	}
	s.token = token
	return s.home.KeepToken(token)
}

func (s *Stack) accepted(ctx context.Context) bool {
	ping := strings.NewReader(`{"jsonrpc":"2.0","id":1,"method":"ping"}`)
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, s.APIURL()+"/mcp", ping)
	if err != nil {
		return false
	}
	request.Header.Set("Authorization", "Bearer "+s.token)
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Accept", "application/json, text/event-stream")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return false
	}
	defer response.Body.Close()
	return response.StatusCode != http.StatusUnauthorized
}

// inherited is the environment of the caller without what each part gets from
// the stack: a shell that sourced the env file of another stack must not leak
// into this one.
func inherited() []string {
	return slices.DeleteFunc(os.Environ(), func(entry string) bool {
		name, value, _ := strings.Cut(entry, "=")
		if name == publicVariable && value == os.Getenv("TICKLER_API_URL") {
			return true // of an env file; any other was set on purpose
		}
		return name == "DATABASE_URL" || name == listenVariable || slices.ContainsFunc(
			[]string{"DAPR_", "APP_", "KAFKA_", "REDIS_", "RABBITMQ_", "NATS_"},
			func(prefix string) bool { return strings.HasPrefix(name, prefix) })
	})
}

// nameWidth is the width of the longest part name on the console.
func nameWidth(config Config, apps []runfile.App) int {
	width := len(postgresName)
	for _, app := range apps {
		name := replicaName(app.AppID, cmp.Or(config.Replicas[app.AppID], 1))
		if !config.InfraOnly {
			name = sidecarOf(name)
		}
		width = max(width, len(name))
	}
	return width
}
