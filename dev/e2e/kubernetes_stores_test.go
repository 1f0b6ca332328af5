package e2e

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"math/big"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kfake"

	"tickler/dev/broker"
	"tickler/dev/owner"
	"tickler/dev/port"
	"tickler/dev/postgres"
)

// stores are a Postgres and a broker on this machine, for pods of a cluster: what a
// managed database and a managed broker are elsewhere. The broker wants a password,
// over TLS with a certificate of an authority of its own.
type stores struct {
	url       string // of the database
	access    broker.Access
	authority []byte // PEM
	settings  *tls.Config
	folder    string
	kafka     *kfake.Cluster
}

const (
	kafkaPort    = 9092 // those that the NetworkPolicies name
	postgresPort = 5432
)

// startStores starts them on an address of this machine that pods can reach.
func startStores(t *testing.T, host string) *stores {
	t.Helper()
	s := &stores{
		folder: t.TempDir(),
		access: broker.Access{
			Kind: broker.Redpanda, Brokers: []string{net.JoinHostPort(host, strconv.Itoa(kafkaPort))},
			Username: "tickler", Password: randomText(t), TLS: true,
		},
	}
	require.NoError(t, os.Chmod(filepath.Dir(s.folder), 0o755)) // another user reads in it
	require.NoError(t, os.Chmod(s.folder, 0o755))
	s.certify(t, host)
	require.NoError(t, s.startBroker())
	t.Cleanup(func() { s.kafka.Close() })
	s.startPostgres(t, host)
	return s
}

func (s *stores) startBroker() (err error) {
	s.kafka, err = kfake.NewCluster(
		kfake.ListenFn(func(network, _ string) (net.Listener, error) {
			listener, err := net.Listen(network, s.access.Brokers[0])
			if err != nil {
				return nil, err
			}
			return tls.NewListener(listener, s.settings), nil
		}),
		kfake.NumBrokers(1), kfake.ClusterID("tickler-kubernetes"), kfake.EnableSASL(),
		kfake.Superuser("SCRAM-SHA-256", s.access.Username, s.access.Password),
		kfake.DataDir(filepath.Join(s.folder, "broker")),
	)
	return err
}

// restartBroker closes the broker, leaves it away for a time, and opens it on the
// same data.
func (s *stores) restartBroker(away time.Duration) error {
	s.kafka.Close()
	time.Sleep(away)
	return s.startBroker()
}

// certify makes an authority, and a certificate of it for the broker.
func (s *stores) certify(t *testing.T, host string) {
	t.Helper()
	template := func(name string) *x509.Certificate {
		return &x509.Certificate{
			SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: name},
			NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour), BasicConstraintsValid: true,
		}
	}
	key := func() *ecdsa.PrivateKey {
		k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		require.NoError(t, err)
		return k
	}
	authority, server := template("an authority"), template("the broker")
	authority.IsCA, authority.KeyUsage = true, x509.KeyUsageCertSign
	server.KeyUsage, server.ExtKeyUsage = x509.KeyUsageDigitalSignature, []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	server.IPAddresses = []net.IP{net.ParseIP(host)}
	authorityKey, serverKey := key(), key()
	root, err := x509.CreateCertificate(rand.Reader, authority, authority, authorityKey.Public(), authorityKey)
	require.NoError(t, err)
	leaf, err := x509.CreateCertificate(rand.Reader, server, authority, serverKey.Public(), authorityKey)
	require.NoError(t, err)
	s.authority = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: root})
	s.settings = &tls.Config{
		MinVersion:   tls.VersionTLS12,
		Certificates: []tls.Certificate{{Certificate: [][]byte{leaf, root}, PrivateKey: serverKey}},
	}
	// The observer, in this process, trusts what the system trusts.
	file := filepath.Join(s.folder, "authority.pem")
	require.NoError(t, os.WriteFile(file, s.authority, 0o600))
	t.Setenv("SSL_CERT_FILE", file)
}

func (s *stores) startPostgres(t *testing.T, host string) {
	t.Helper()
	binaries, err := postgres.Find(t.Context(), 0)
	require.NoError(t, err)
	user, err := owner.Unprivileged("postgres")
	require.NoError(t, err)
	c := &postgres.Cluster{
		Binaries: binaries, Data: filepath.Join(s.folder, "postgres"), Port: postgresPort,
		Username: "tickler", Password: randomText(t), Owner: user,
	}
	require.NoError(t, c.Init(t.Context()))
	access, err := os.OpenFile(filepath.Join(c.Data, "pg_hba.conf"), os.O_APPEND|os.O_WRONLY, 0)
	require.NoError(t, err)
	_, err = access.WriteString("host all all 0.0.0.0/0 scram-sha-256\n")
	require.NoError(t, errors.Join(err, access.Close()))

	line := append(c.Command(), "-c", "listen_addresses="+port.Host+","+host, "-c", "max_connections=200")
	server := exec.Command(line[0], line[1:]...)
	server.Dir, server.Env = "/", postgres.Environment()
	if user.UID != 0 {
		server.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: user.UID, Gid: user.GID}}
	}
	require.NoError(t, server.Start())
	t.Cleanup(func() {
		_ = server.Process.Signal(syscall.SIGINT) // a fast stop, which waits for nobody
		_ = server.Wait()
	})
	ctx, cancel := context.WithTimeout(t.Context(), later)
	defer cancel()
	for c.Ready(ctx) != nil {
		require.NoError(t, ctx.Err(), "Postgres does not get ready")
		time.Sleep(often)
	}
	require.NoError(t, c.EnsureDatabase(t.Context()))
	address, err := url.Parse(c.URL())
	require.NoError(t, err)
	address.Host = net.JoinHostPort(host, strconv.Itoa(postgresPort))
	s.url = address.String()
}

func randomText(t *testing.T) string {
	t.Helper()
	return strings.ToLower(rand.Text())
}
