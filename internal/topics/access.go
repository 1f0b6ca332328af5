// Package topics creates the topics of the task bus on a broker that speaks Kafka's
// protocol (Redpanda, Apache Kafka), reports how existing ones differ, and grants
// the users of the apps, and of other readers, their rights.
package topics

import (
	"crypto/tls"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/sasl"
	"github.com/twmb/franz-go/pkg/sasl/scram"
)

// SCRAM mechanisms that a user can have. Redpanda allows one for each user.
const (
	SHA256 = "SCRAM-SHA-256"
	SHA512 = "SCRAM-SHA-512"
)

// Access is how to reach a broker.
type Access struct {
	Brokers  []string // host:port
	Username string
	Password string
	// Mechanism is SHA256 when empty.
	Mechanism string
	// TLS with the certificate authorities of the system; SSL_CERT_FILE names
	// another file of them (crypto/x509).
	TLS bool
	// Replication of a topic that is made; the broker's own default when 0.
	Replication int
}

// Environment lists the variables that FromEnvironment reads, for --help.
const Environment = `  KAFKA_BROKERS             addresses, as host:port,host:port            required
  KAFKA_SASL_USERNAME       user who may make topics                     required
  KAFKA_SASL_PASSWORD       the user's password                          required
  KAFKA_SASL_MECHANISM      SCRAM-SHA-256 or SCRAM-SHA-512               default SCRAM-SHA-256
  KAFKA_TLS                 true for TLS; SSL_CERT_FILE names an own CA  default false
`

// CreateEnvironment lists those that only matter when topics and users are made.
const CreateEnvironment = `  KAFKA_REPLICATION_FACTOR  copies of each topic that is made            default the broker's
  KAFKA_NOTIFIER_PASSWORD   makes the user of an app, or gives it this   optional
  KAFKA_RECURRER_PASSWORD   password; without, a user who exists gets
                            rights only
`

// LoginsFromEnvironment are the users of the apps, with the passwords to give them.
func LoginsFromEnvironment() []Login {
	var logins []Login
	for _, app := range Apps {
		logins = append(logins, Login{App: app, User: User(app), Password: os.Getenv("KAFKA_" + strings.ToUpper(app) + "_PASSWORD")})
	}
	return logins
}

// FromEnvironment reads how to reach the broker. Its error names every variable
// that is wrong.
func FromEnvironment() (Access, error) {
	var errs []error
	required := func(name, example string) string {
		value := os.Getenv(name)
		if value == "" {
			errs = append(errs, fmt.Errorf("%s is not set: %s", name, example))
		}
		return value
	}
	a := Access{
		Brokers:   strings.FieldsFunc(required("KAFKA_BROKERS", "one or more addresses, as host:port,host:port"), func(r rune) bool { return r == ',' || r == ' ' }),
		Username:  required("KAFKA_SASL_USERNAME", "a user who may make topics"),
		Password:  required("KAFKA_SASL_PASSWORD", "the password of that user"),
		Mechanism: os.Getenv("KAFKA_SASL_MECHANISM"),
	}
	if _, err := a.mechanism(); err != nil {
		errs = append(errs, fmt.Errorf("KAFKA_SASL_MECHANISM: %w", err))
	}
	var err error
	if text := os.Getenv("KAFKA_TLS"); text != "" {
		if a.TLS, err = strconv.ParseBool(text); err != nil {
			errs = append(errs, fmt.Errorf("KAFKA_TLS is %q: want true or false", text))
		}
	}
	if text := os.Getenv("KAFKA_REPLICATION_FACTOR"); text != "" {
		if a.Replication, err = strconv.Atoi(text); err != nil || a.Replication < 1 {
			errs = append(errs, fmt.Errorf("KAFKA_REPLICATION_FACTOR is %q: want a number from 1", text))
		}
	}
	return a, errors.Join(errs...)
}

// Client returns a client for the broker, with further options. It does not connect
// yet.
func (a Access) Client(options ...kgo.Opt) (*kgo.Client, error) {
	mechanism, err := a.mechanism()
	if err != nil {
		return nil, err
	}
	own := []kgo.Opt{kgo.SeedBrokers(a.Brokers...), kgo.SASL(mechanism), kgo.RetryTimeout(5 * time.Second)}
	if a.TLS {
		own = append(own, kgo.DialTLSConfig(&tls.Config{MinVersion: tls.VersionTLS12}))
	}
	return kgo.NewClient(append(own, options...)...)
}

func (a Access) mechanism() (sasl.Mechanism, error) {
	user := scram.Auth{User: a.Username, Pass: a.Password}
	switch a.Mechanism {
	case "", SHA256:
		return user.AsSha256Mechanism(), nil
	case SHA512:
		return user.AsSha512Mechanism(), nil
	default:
		return nil, fmt.Errorf("%q is not supported: want %s or %s", a.Mechanism, SHA256, SHA512)
	}
}
