package broker

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"tickler/dev/cache"
	"tickler/dev/owner"
	"tickler/dev/port"
	"tickler/dev/process"
)

// kafkaSettings are those of one node that is broker and controller.
const kafkaSettings = `process.roles=broker,controller
node.id=1
controller.quorum.voters=1@%[2]s
listeners=CLIENTS://%[1]s,CONTROLLER://%[2]s
advertised.listeners=CLIENTS://%[1]s
listener.security.protocol.map=CLIENTS:SASL_PLAINTEXT,CONTROLLER:PLAINTEXT
controller.listener.names=CONTROLLER
inter.broker.listener.name=CLIENTS
sasl.enabled.mechanisms=SCRAM-SHA-256
sasl.mechanism.inter.broker.protocol=SCRAM-SHA-256
listener.name.clients.scram-sha-256.sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required username="%[3]s" password="%[4]s";
authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer
# Nobody is anonymous but the node itself, to its own controller.
super.users=User:%[3]s;User:ANONYMOUS
log.dirs=%[5]s
auto.create.topics.enable=false
default.replication.factor=1
offsets.topic.replication.factor=1
offsets.topic.num.partitions=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
group.initial.rebalance.delay.ms=0
`

// kafka is Apache Kafka in KRaft mode. It is for tests only: it runs as the caller,
// and its password is on a command line while its data folder is created.
func (l Local) kafka(ctx context.Context) ([]process.Spec, error) {
	runtime, err := java.find()
	if err != nil {
		return nil, err
	}
	jars, err := l.kafkaJars(ctx)
	if err != nil {
		return nil, err
	}
	data := filepath.Join(l.Home, "kafka")
	if err := (owner.Owner{}).MakeDir(data); err != nil {
		return nil, err
	}
	controller, err := l.FreePort()
	if err != nil {
		return nil, err
	}
	settings, log := filepath.Join(data, "server.properties"), filepath.Join(data, "log")
	text := fmt.Sprintf(kafkaSettings, port.Address(l.Port), port.Address(controller), l.Username, l.Password, log)
	if err := writeFile(owner.Owner{}, settings, text); err != nil {
		return nil, err
	}
	run := func(class string, args ...string) []string {
		return append([]string{runtime, "-Xms128m", "-Xmx512m", "-XX:TieredStopAtLevel=1", "-cp", filepath.Join(jars, "*"), class}, args...)
	}
	if _, err := os.Stat(filepath.Join(log, "meta.properties")); os.IsNotExist(err) {
		command := run("kafka.tools.StorageTool", "format", "--config", settings, "--cluster-id", "tickler-local-cluster0",
			"--add-scram", fmt.Sprintf("SCRAM-SHA-256=[name=%s,password=%s]", l.Username, l.Password))
		if output, err := exec.CommandContext(ctx, command[0], command[1:]...).CombinedOutput(); err != nil {
			return nil, fmt.Errorf("making the data folder of Kafka: %w\n%s", err, output)
		}
	}
	l.Say("broker: Apache Kafka on port %d, data in %s", l.Port, data)
	return []process.Spec{l.spec(process.Spec{Command: run("kafka.Kafka", settings), Dir: data, Env: l.Environment})}, nil
}

// kafkaJars returns the folder with Kafka's jars, as dev/kafka/pom.xml names
// them: the user's cache, into which Maven brings them once.
func (l Local) kafkaJars(ctx context.Context) (string, error) {
	pom := filepath.Join(l.Root, "dev", "kafka", "pom.xml")
	text, err := os.ReadFile(pom)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(text)
	return cache.Once("kafka-"+hex.EncodeToString(sum[:6]), func(half string) error {
		mvn, err := maven.find()
		if err != nil {
			return err
		}
		l.Say("fetching Apache Kafka with Maven, this once")
		fetch := exec.CommandContext(ctx, mvn, "--batch-mode", "--quiet", "--file", pom,
			"dependency:copy-dependencies", "-DoutputDirectory="+half)
		if output, err := fetch.CombinedOutput(); err != nil {
			return fmt.Errorf("mvn: %w\n%s", err, output)
		}
		return nil
	})
}
