package stack_test

import (
	"context"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kgo"

	"tickler/dev/broker"
	"tickler/dev/port"
	"tickler/dev/stack"
	"tickler/internal/event"
)

const soon = 20 * time.Second

func TestStackGivesEveryPartWhatItNeeds(t *testing.T) {
	c := config(t)
	c.Replicas = map[string]int{"worker": 2}
	c.AppEnv = map[string]map[string]string{"worker": {"EXTRA": "for workers"}}
	s := start(t, c)

	require.Equal(t, []string{"broker", "postgres", "api-daprd", "api",
		"worker-daprd", "worker", "worker-2-daprd", "worker-2"}, s.Parts())
	for _, name := range s.Parts() {
		text, err := os.ReadFile(filepath.Join(c.Home, "run", name+".pid"))
		require.NoError(t, err)
		require.Equal(t, strconv.Itoa(s.PID(name)), strings.TrimSpace(string(text)))
		require.True(t, runs(s.PID(name)), name)
	}
	env := s.Env()
	said := body(t, env["TICKLER_WORKER_2_URL"]+"/readyz")
	for _, expected := range []string{
		"APP_ID=worker", "APP_PORT=" + env["TICKLER_WORKER_2_APP_PORT"],
		"DAPR_HTTP_PORT=" + env["TICKLER_WORKER_2_DAPR_HTTP_PORT"],
		"DAPR_GRPC_PORT=" + env["TICKLER_WORKER_2_DAPR_GRPC_PORT"],
		"DAPR_API_TOKEN=" + env["TICKLER_WORKER_2_DAPR_API_TOKEN"], "APP_API_TOKEN=" + env["TICKLER_WORKER_2_APP_API_TOKEN"],
		"DATABASE_URL=" + env["DATABASE_URL"], "EXTRA=for workers",
		"TICKLER_LISTEN=" + strings.TrimPrefix(env["TICKLER_WORKER_2_URL"], "http://"),
	} {
		require.Contains(t, said, expected+"\n")
	}
	require.NotContains(t, said, "KAFKA_", "only sidecars speak to the broker")
	require.Equal(t, env["TICKLER_WORKER_DAPR_API_TOKEN"], env["TICKLER_WORKER_2_DAPR_API_TOKEN"], "replicas are one app")
	require.NotEqual(t, env["TICKLER_WORKER_DAPR_API_TOKEN"], env["TICKLER_API_DAPR_API_TOKEN"], "apps have tokens of their own")
	require.NotEqual(t, env["TICKLER_WORKER_APP_API_TOKEN"], env["TICKLER_API_APP_API_TOKEN"])

	for _, private := range []string{"env", "token", "secrets.json"} {
		info, err := os.Stat(filepath.Join(c.Home, private))
		require.NoError(t, err)
		require.Equal(t, os.FileMode(0o600), info.Mode().Perm(), private)
	}
	written, err := os.ReadFile(filepath.Join(c.Home, "env"))
	require.NoError(t, err)
	require.Contains(t, string(written), "export TICKLER_MCP_URL='"+s.MCPURL()+"'\n")
	require.Equal(t, env["TICKLER_API_URL"], s.APIURL())
	require.Equal(t, s.APIURL(), env["TICKLER_PUBLIC_URL"], "links of `api user link` lead here")
}

func TestPartThatIsKilledIsNamedAndStartedAgain(t *testing.T) {
	s := start(t, config(t))
	for _, name := range []string{"worker", "worker-daprd", "broker", "postgres"} {
		before := map[string]int{}
		for _, part := range s.Parts() {
			before[part] = s.PID(part)
		}
		require.NoError(t, s.Kill(name))
		require.Eventually(t, func() bool {
			pid := s.PID(name)
			return pid != 0 && pid != before[name]
		}, soon, 20*time.Millisecond, name)
		require.NoError(t, s.WaitReady(t.Context(), name))
		require.Contains(t, s.Log("tickler"), name+" died: signal: killed")
		for part, pid := range before {
			if part != name {
				require.Equal(t, pid, s.PID(part), "%s was killed, %s must stay", name, part)
			}
		}
	}
}

func TestPartThatKeepsDyingEndsTheStack(t *testing.T) {
	c := config(t)
	s := start(t, c)
	var pids []int
	for _, name := range s.Parts() {
		pids = append(pids, s.PID(name))
	}
	url := s.Env()["TICKLER_WORKER_URL"]
	for {
		select {
		case <-s.Done():
			require.ErrorContains(t, s.Err(), "worker died 5 times within 1m0s, last with: exit status 3")
			require.ErrorContains(t, s.Err(), "told to die", "its last lines say why")
			for _, pid := range pids {
				require.False(t, runs(pid))
			}
			return
		case <-time.After(10 * time.Millisecond):
			if response, err := http.Get(url + "/die"); err == nil {
				response.Body.Close()
			}
		case <-time.After(soon):
			t.Fatal("the stack goes on")
		}
	}
}

// The stand-in ends at once when it does not find Postgres.
func TestPartThatDiesForLackOfAnotherWaitsForIt(t *testing.T) {
	c := config(t)
	c.Policy.Window = time.Hour
	s := start(t, c)
	require.NoError(t, s.StopPart("postgres"))
	for range c.Policy.Deaths { // as often as would end the stack
		require.NoError(t, s.StartPart(t.Context(), "postgres"))
		require.NoError(t, s.WaitReady(t.Context(), "worker"))
		require.NoError(t, s.StopPart("postgres"))
		waits := strings.Count(s.Log("tickler"), "worker waits for Postgres")
		require.NoError(t, s.Kill("worker"))
		require.Eventually(t, func() bool { return strings.Count(s.Log("tickler"), "worker waits for Postgres") > waits }, soon, 20*time.Millisecond)
	}
	require.NotContains(t, s.Log("tickler"), "giving up")
	require.NoError(t, s.StartPart(t.Context(), "postgres"))
	require.NoError(t, s.WaitReady(t.Context(), "worker"))
}

func TestWarningsThatMeanNothingHereStayInTheLogFile(t *testing.T) {
	c := config(t)
	printed := &text{}
	c.Output = printed
	s := start(t, c)
	require.Contains(t, s.Log("worker-daprd"), "mTLS is disabled")
	require.Contains(t, printed.String(), "worker: http", "what starts, and where")
	ofPart := regexp.MustCompile(`(?m)^(worker|worker-daprd) +\| .*$`)
	require.Empty(t, ofPart.FindAllString(printed.String(), -1), "what parts say at start is in their logs")
	require.NoError(t, s.Kill("worker-daprd"))
	require.NoError(t, s.Kill("worker"))
	require.Eventually(t, func() bool { return ofPart.MatchString(printed.String()) }, soon, 20*time.Millisecond, "afterwards it is shown")
	require.NoError(t, s.WaitReady(t.Context(), "worker-daprd"))
	for _, line := range ofPart.FindAllString(printed.String(), -1) {
		require.NotContains(t, line, "mTLS is disabled")
	}
}

// text collects what many write.
type text struct {
	mu sync.Mutex
	b  strings.Builder
}

func (t *text) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.b.Write(p)
}

func (t *text) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.b.String()
}

func TestPartThatDiesAtOnceEndsTheStart(t *testing.T) {
	c := config(t)
	c.AppEnv = map[string]map[string]string{"worker": {"APP_PORT": "not-a-port"}}
	_, err := stack.Start(t.Context(), c)
	require.ErrorContains(t, err, "worker died 5 times")
	require.NoFileExists(t, filepath.Join(c.Home, "run", "api.pid"))
}

func TestDatabaseThatCannotBeMigratedEndsTheStartAndSaysWhy(t *testing.T) {
	c := config(t)
	c.AppEnv = map[string]map[string]string{"api": {"REFUSES_TO_MIGRATE": "the schema is of an older build"}}
	_, err := stack.Start(t.Context(), c)
	require.ErrorContains(t, err, "the schema is of an older build")
	require.ErrorContains(t, err, filepath.Join(c.Home, "log", "migrate.log"))
}

func TestStoppedPartStaysAwayUntilStarted(t *testing.T) {
	s := start(t, config(t))
	require.NoError(t, s.StopPart("broker"))
	require.Zero(t, s.PID("broker"))
	require.Error(t, s.Kill("broker"))
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
	defer cancel()
	require.Error(t, s.Broker().Ping(ctx))
	require.NoError(t, s.StartPart(t.Context(), "broker"))
	require.NoError(t, s.Broker().Ping(t.Context()))
	require.NotContains(t, s.Log("tickler"), "died")
}

func TestNoProcessIsLeftBehind(t *testing.T) {
	c := config(t)
	s := start(t, c)
	pids := map[string]int{}
	for _, name := range s.Parts() {
		pids[name] = s.PID(name)
	}
	begun := time.Now()
	s.Stop()
	require.Less(t, time.Since(begun), 30*time.Second)
	for name, pid := range pids {
		require.False(t, runs(pid), name)
	}
	left, err := filepath.Glob(filepath.Join(c.Home, "run", "*"))
	require.NoError(t, err)
	require.Empty(t, left)
	require.NoError(t, s.Err())
	require.Contains(t, s.Log("api"), "drained", "apps are asked, not killed")
}

func TestDataAndTokenSurviveARestart(t *testing.T) {
	c := config(t)
	first, err := stack.Start(t.Context(), c)
	require.NoError(t, err)
	t.Cleanup(first.Stop)
	produce(t, first.Broker(), "before the restart")
	sql(t, first.DatabaseURL(), `CREATE TABLE notes AS SELECT 'written before' AS note`)
	token := first.Token()
	require.NotEmpty(t, token)
	first.Stop()

	// As from a shell that sourced the env file: the home's own Postgres.
	c.DatabaseURL = first.DatabaseURL()
	second, err := stack.Start(t.Context(), c)
	require.NoError(t, err)
	t.Cleanup(second.Stop)
	require.NotZero(t, second.PID("postgres"))
	require.Equal(t, token, second.Token())
	require.Equal(t, "before the restart", consume(t, second.Broker()))
	sql(t, second.DatabaseURL(), `SELECT note FROM notes`)

	sql(t, second.DatabaseURL(), `DELETE FROM tokens`)
	second.Stop()
	third, err := stack.Start(t.Context(), c)
	require.NoError(t, err)
	t.Cleanup(third.Stop)
	require.NotEqual(t, token, third.Token(), "a token that the database forgot is made anew")
}

func TestTwoStacksRunSideBySide(t *testing.T) {
	a, b := config(t), config(t)
	a.RunFilePorts, b.RunFilePorts = true, true
	first, second := start(t, a), start(t, b)
	ports := map[string]string{}
	for name, value := range first.Env() {
		if strings.HasSuffix(name, "_PORT") || strings.HasSuffix(name, "_URL") {
			ports[value] = name
		}
	}
	for name, value := range second.Env() {
		require.NotContains(t, ports, value, name)
	}

	again := a
	again.APIPort, again.PostgresPort, again.BrokerPort = 0, 0, 0
	_, err := stack.Start(t.Context(), again)
	require.ErrorContains(t, err, "a stack is running there")
	require.ErrorContains(t, err, "TICKLER_HOME")
}

func TestBusyPortIsNamedWithItsVariable(t *testing.T) {
	listener, err := net.Listen("tcp", port.Address(0))
	require.NoError(t, err)
	defer listener.Close()
	busy := listener.Addr().(*net.TCPAddr).Port
	for variable, set := range map[string]func(*stack.Config){
		"TICKLER_API_PORT":      func(c *stack.Config) { c.APIPort = busy },
		"TICKLER_POSTGRES_PORT": func(c *stack.Config) { c.PostgresPort = busy },
		"TICKLER_BROKER_PORT":   func(c *stack.Config) { c.BrokerPort = busy },
	} {
		c := config(t)
		set(&c)
		_, err := stack.Start(t.Context(), c)
		require.ErrorContains(t, err, "port "+strconv.Itoa(busy)+" is in use by stack.test (process ")
		require.ErrorContains(t, err, variable)
	}
}

func TestInfraIsPostgresAndBrokerAlone(t *testing.T) {
	c := config(t)
	c.InfraOnly, c.APIPort = true, 1
	s := start(t, c)
	require.Equal(t, []string{"broker", "postgres"}, s.Parts())
	require.NotEmpty(t, s.Token())
	require.Equal(t, "http://localhost:8080/mcp", s.MCPURL(), "where `dapr run` puts it")
	require.Equal(t, "http://127.0.0.1:8081", s.Env()["TICKLER_WORKER_URL"])
	produce(t, s.Broker(), "topics are made")
}

func body(t *testing.T, url string) string {
	t.Helper()
	response, err := http.Get(url)
	require.NoError(t, err)
	defer response.Body.Close()
	text := new(strings.Builder)
	require.NoError(t, response.Write(text))
	return text.String()
}

func sql(t *testing.T, url, statement string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	require.NoError(t, err)
	defer conn.Close(context.Background())
	_, err = conn.Exec(t.Context(), statement)
	require.NoError(t, err)
}

func produce(t *testing.T, access broker.Access, value string) {
	t.Helper()
	client, err := access.Client(kgo.DefaultProduceTopic(event.TopicTaskEvents))
	require.NoError(t, err)
	defer client.Close()
	require.NoError(t, client.ProduceSync(t.Context(), kgo.StringRecord(value)).FirstErr())
}

func consume(t *testing.T, access broker.Access) string {
	t.Helper()
	client, err := access.Client(kgo.ConsumeTopics(event.TopicTaskEvents))
	require.NoError(t, err)
	defer client.Close()
	ctx, cancel := context.WithTimeout(t.Context(), soon)
	defer cancel()
	records := client.PollFetches(ctx).Records()
	require.NotEmpty(t, records)
	return string(records[0].Value)
}
