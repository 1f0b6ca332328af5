package e2e

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tickler/dev/port"
	"tickler/dev/runfile"
	"tickler/dev/stack"
	"tickler/internal/event"
	"tickler/internal/topics"
)

// consumer is the program in examples/consumer with its sidecar, both as its README
// starts them: it knows nothing of the stack but the broker, where it has a user of
// its own.
type consumer struct {
	app         runfile.App
	ports       runfile.Ports
	binary      string
	file, log   string
	secrets     []string // of the program and its sidecar
	credentials []string // of the sidecar on the broker
	program     *exec.Cmd
}

const readerPassword = "the reader's password"

// follow lets the consumer in and starts it.
func (s *system) follow(t *testing.T) *consumer {
	t.Helper()
	root, err := stack.FindRoot()
	require.NoError(t, err)
	folder, dir := filepath.Join(root, "examples", "consumer"), t.TempDir()
	apps, err := runfile.Load(filepath.Join(folder, runfile.Name))
	require.NoError(t, err)
	c := &consumer{
		app: apps[0], binary: filepath.Join(dir, "consumer"), file: filepath.Join(dir, "events.jsonl"), log: filepath.Join(dir, "log"),
		secrets: []string{"APP_API_TOKEN=known to both", "DAPR_API_TOKEN=known to both too", "PATH=" + os.Getenv("PATH"), "HOME=" + dir},
	}
	build := exec.CommandContext(t.Context(), "go", "build", "-o", c.binary, ".")
	build.Dir = folder
	output, err := build.CombinedOutput()
	require.NoError(t, err, string(output))

	// What the operator does.
	env := []string{"KAFKA_READER_PASSWORD=" + readerPassword}
	for _, v := range s.Broker().Variables() {
		env = append(env, v.Name+"="+v.Value)
	}
	output, err = command(t, "api", env, "topics", "admit", c.app.AppID).CombinedOutput()
	require.NoError(t, err, string(output))
	require.Equal(t, "consumer: may read task-events in the group consumer\n", string(output))

	for _, v := range s.Broker().As(c.app.AppID, readerPassword).Variables() {
		c.credentials = append(c.credentials, v.Name+"="+v.Value)
	}
	picker := port.NewPicker()
	for _, p := range []*int{&c.ports.App, &c.ports.DaprHTTP, &c.ports.DaprGRPC, &c.ports.DaprInternal, &c.ports.Metrics} {
		*p, err = picker.Pick(0)
		require.NoError(t, err)
	}
	c.start(t)
	c.run(t, staged.daprd, c.app.DaprdArgs(c.ports), append(c.credentials, c.secrets...))
	return c
}

// start starts the program anew.
func (c *consumer) start(t *testing.T) {
	t.Helper()
	c.program = c.run(t, c.binary, nil, append(append(c.app.AppEnv(c.ports), "CONSUMER_FILE="+c.file), c.secrets...))
}

func (c *consumer) run(t *testing.T, name string, args, env []string) *exec.Cmd {
	t.Helper()
	log, err := os.OpenFile(c.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	require.NoError(t, err)
	cmd := exec.Command(name, args...)
	cmd.Env, cmd.Dir, cmd.Stdout, cmd.Stderr = env, c.app.AppDirPath, log, log
	require.NoError(t, cmd.Start())
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		late := time.AfterFunc(15*time.Second, func() { _ = cmd.Process.Kill() })
		_ = cmd.Wait()
		late.Stop()
		_ = log.Close()
	})
	return cmd
}

type consumed struct {
	ID      string `json:"id"`
	TaskID  int64  `json:"task_id"`
	Version int    `json:"task_version"`
	What    string `json:"what"`
}

// lines are those that the program has written about a task.
func (c *consumer) lines(t *testing.T, taskID int64) (found []consumed) {
	t.Helper()
	text, err := os.ReadFile(c.file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil // it is only starting
	}
	require.NoError(t, err)
	for line := range strings.Lines(string(text)) {
		var one consumed
		if json.Unmarshal([]byte(line), &one) == nil && one.TaskID == taskID { // the last may be half written
			found = append(found, one)
		}
	}
	return found
}

func (c *consumer) logged(t *testing.T, text string) bool {
	t.Helper()
	log, err := os.ReadFile(c.log)
	require.NoError(t, err)
	return strings.Contains(string(log), text)
}

func TestProgramOfSomebodyElseFollowsTheEvents(t *testing.T) {
	if kind, _ := testBroker(); kind.Components() != "redpanda" {
		t.Skip("its component is that of Kafka's protocol; docs/brokers.md tells what " + string(kind) + " wants")
	}
	t.Parallel()
	s := shared(t)
	if onCluster() {
		t.Skip("the cluster's users are not ours to make")
	}
	p := s.person(t, "")
	before := p.add(t, fields{"title": "Before it was there"})
	c := s.follow(t)
	t.Cleanup(func() {
		if t.Failed() {
			log, _ := os.ReadFile(c.log)
			t.Log(string(log))
		}
	})
	until(t, later, "what happened before it was there", func() bool { return len(c.lines(t, before.ID)) == 1 })

	added := p.add(t, fields{"title": "Water the plants"})
	p.call(t, "update_task", fields{"task_id": added.ID, "title": "Water all plants", "priority": "high"})
	p.call(t, "complete_task", fields{"task_id": added.ID})
	until(t, soon, "three events", func() bool { return len(c.lines(t, added.ID)) >= 3 })
	var told []string
	for i, line := range c.lines(t, added.ID) {
		require.Equal(t, i+1, line.Version)
		told = append(told, line.What)
	}
	require.Equal(t, []string{"created: Water the plants", "updated: 2 fields", "completed"}, told)

	// The same again, and what a later version might publish: both are taken.
	created := s.observer.wait(t, 1, event.TopicTaskEvents, event.TaskCreated, added.ID)[0]
	s.observer.republish(t, created)
	until(t, soon, "the repeated event", func() bool { return c.logged(t, "this event was handled before") })
	require.Len(t, c.lines(t, added.ID), 3)
	s.observer.plant(t, event.TopicTaskEvents, created.key, strings.NewReplacer(
		created.Envelope.ID, "00000000-0000-4000-8000-000000000000", `"task.created"`, `"task.renamed"`, `"data":{`, `"data":{"later":{"field":1},`).Replace(created.value))
	until(t, soon, "the event of a later version", func() bool { return len(c.lines(t, added.ID)) == 4 })
	require.Equal(t, "task.renamed", c.lines(t, added.ID)[3].What)

	// Killed at work, it misses nothing and does nothing twice.
	var ids []int64
	for n := range 60 {
		ids = append(ids, p.add(t, fields{"title": "Task " + strconv.Itoa(n)}).ID)
		if n%20 == 10 {
			require.NoError(t, c.program.Process.Kill())
			_ = c.program.Wait()
			c.start(t)
		}
	}
	until(t, later, "all of them", func() bool {
		return !slices.ContainsFunc(ids, func(id int64) bool { return len(c.lines(t, id)) == 0 })
	})
	for _, id := range ids {
		require.Len(t, c.lines(t, id), 1)
	}

	// It was let in for this and nothing else.
	access := s.Broker().As(c.app.AppID, readerPassword)
	for _, topic := range event.Topics() {
		require.True(t, refusesWriting(t, t.Context(), access, topic.Name), "writes to %s", topic.Name)
		if !slices.Contains(topics.ReadableTopics(), topic.Name) {
			require.True(t, refusesReading(t, t.Context(), access, topic.Name), "reads %s", topic.Name)
		}
	}
}
