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
	"fmt"
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
// managed database and a managed broker are elsewhere: both want a password, over TLS
// with certificates of an authority of their own.
type stores struct {
	url       string // of the database
	access    broker.Access
	authority []byte // PEM
	settings  *tls.Config
	folder    string
	kafka     *kfake.Cluster
	host      string
	postgres  *postgres.Cluster
	server    *exec.Cmd // of Postgres
}

const (
	kafkaPort    = 9092 // those that the NetworkPolicies name
	postgresPort = 5432
)

// startStores starts them on an address of this machine that pods can reach.
func startStores(t *testing.T, host string) *stores {
	t.Helper()
	s := &stores{
		folder: t.TempDir(), host: host,
		access: broker.Access{
			Kind: broker.Redpanda, Brokers: []string{net.JoinHostPort(host, strconv.Itoa(kafkaPort))},
			Username: "tickler", Password: randomText(t), TLS: true,
		},
	}
	require.NoError(t, os.Chmod(filepath.Dir(s.folder), 0o755)) // another user reads in it
	require.NoError(t, os.Chmod(s.folder, 0o755))
	s.certify(t, host)
	require.NoError(t, s.startBroker())
	t.Cleanup(s.stopBroker)
	s.makePostgres(t)
	require.NoError(t, s.startPostgres(t.Context()))
	require.NoError(t, s.postgres.EnsureDatabase(t.Context()))
	t.Cleanup(s.stopPostgres)
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
		kfake.NumBrokers(1), kfake.ClusterID("tickler-kubernetes"), kfake.EnableSASL(), kfake.EnableACLs(),
		kfake.Superuser("SCRAM-SHA-256", s.access.Username, s.access.Password),
		kfake.DataDir(filepath.Join(s.folder, "broker")),
	)
	return err
}

// restartBroker closes the broker, leaves it away for a time, and opens it on the
// same data.
func (s *stores) restartBroker(away time.Duration) error {
	s.stopBroker()
	time.Sleep(away)
	return s.startBroker()
}

func (s *stores) stopBroker() { s.kafka.Close() }

// certify makes an authority, and a certificate of it for both.
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
	authority, server := template("an authority"), template("the stores")
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
	private, err := x509.MarshalPKCS8PrivateKey(serverKey)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(s.folder, "server.crt"), pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: leaf}), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(s.folder, "server.key"), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private}), 0o600))
	// Clients in this process trust what the system trusts.
	require.NoError(t, os.WriteFile(s.authorityFile(), s.authority, 0o600))
	t.Setenv("SSL_CERT_FILE", s.authorityFile())
}

func (s *stores) authorityFile() string { return filepath.Join(s.folder, "authority.pem") }

// makePostgres makes a database that lets nobody in from elsewhere without TLS.
func (s *stores) makePostgres(t *testing.T) {
	t.Helper()
	binaries, err := postgres.Find(t.Context(), 0)
	require.NoError(t, err)
	user, err := owner.Unprivileged("postgres")
	require.NoError(t, err)
	s.postgres = &postgres.Cluster{
		Binaries: binaries, Data: filepath.Join(s.folder, "postgres"), Port: postgresPort,
		Username: "tickler", Password: randomText(t), Owner: user,
	}
	require.NoError(t, s.postgres.Init(t.Context()))
	access, err := os.OpenFile(filepath.Join(s.postgres.Data, "pg_hba.conf"), os.O_APPEND|os.O_WRONLY, 0)
	require.NoError(t, err)
	_, err = access.WriteString("hostssl all all 0.0.0.0/0 scram-sha-256\n")
	require.NoError(t, errors.Join(err, access.Close(),
		user.Own(filepath.Join(s.folder, "server.crt")), user.Own(filepath.Join(s.folder, "server.key"))))
	address, err := url.Parse(s.postgres.URL())
	require.NoError(t, err)
	address.Host = net.JoinHostPort(s.host, strconv.Itoa(postgresPort))
	address.RawQuery = "sslmode=verify-full"
	s.url = address.String()
}

func (s *stores) startPostgres(ctx context.Context) error {
	line := append(s.postgres.Command(), "-c", "listen_addresses="+port.Host+","+s.host, "-c", "max_connections=200", "-c", "ssl=on",
		"-c", "ssl_cert_file="+filepath.Join(s.folder, "server.crt"), "-c", "ssl_key_file="+filepath.Join(s.folder, "server.key"))
	s.server = exec.Command(line[0], line[1:]...)
	s.server.Dir, s.server.Env = "/", postgres.Environment()
	if user := s.postgres.Owner; user.UID != 0 {
		s.server.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: user.UID, Gid: user.GID}}
	}
	if err := s.server.Start(); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, later)
	defer cancel()
	for s.postgres.Ready(ctx) != nil {
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("Postgres does not get ready: %w", err)
		}
		time.Sleep(often)
	}
	return nil
}

// stopPostgres waits for nobody.
func (s *stores) stopPostgres() {
	_ = s.server.Process.Signal(syscall.SIGINT)
	_ = s.server.Wait()
}

// restartPostgres is a failover as clients see it: all connections break, and for a
// time nobody answers.
func (s *stores) restartPostgres(ctx context.Context, away time.Duration) error {
	s.stopPostgres()
	time.Sleep(away)
	return s.startPostgres(ctx)
}

func randomText(t *testing.T) string {
	t.Helper()
	return strings.ToLower(rand.Text())
}
