package broker

import (
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
)

// program is one that a broker needs.
type program struct {
	name, what string
	pattern    string // where distributions put it; on PATH when empty
}

var (
	redisServer = program{name: "redis-server", what: "Redis 7 or later; on Debian the package redis-server"}
	java        = program{name: "java", what: "a Java runtime, 17 or later; on Debian the package openjdk-17-jre-headless"}
	maven       = program{name: "mvn", what: "Maven, which fetches Apache Kafka; on Debian the package maven"}
	epmd        = program{name: "epmd", what: "Erlang; on Debian it comes with the package rabbitmq-server"}
	// The server's own script: Debian's wrapper on PATH runs only as the user
	// rabbitmq.
	rabbitMQServer = program{
		name: "rabbitmq-server", what: "RabbitMQ 3.9 or later; on Debian the package rabbitmq-server",
		pattern: "/usr/lib/rabbitmq/lib/rabbitmq_server-*/sbin/rabbitmq-server",
	}
)

// needs lists the programs that the stack runs a broker with.
var needs = map[Kind][]program{
	Redis:    {redisServer},
	RabbitMQ: {rabbitMQServer, epmd},
	Kafka:    {java, maven},
}

// Installed returns an error that says what to install if a program is missing that
// brokers of these kinds need.
func Installed(kinds ...Kind) error {
	var errs []error
	for _, kind := range kinds {
		for _, program := range needs[kind] {
			_, err := program.find()
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

func (p program) find() (string, error) {
	if p.pattern != "" {
		if found, _ := filepath.Glob(p.pattern); len(found) > 0 {
			return found[len(found)-1], nil
		}
	}
	path, err := exec.LookPath(p.name)
	if err != nil {
		return "", fmt.Errorf("there is no %s: install %s", p.name, p.what)
	}
	return path, nil
}
