package broker

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// Options of a kfake process.
type Options struct {
	DataDir string
	Port    int
	// Advertised is the address that clients are told; the own one when empty.
	Advertised string
	// The administrator, over SCRAM-SHA-256. Name and password are written to a new
	// data folder and cannot be changed afterwards.
	Username string
	Password string
	Log      io.Writer
}

// Serve runs kfake, as the stand-in for Redpanda, on the loopback interface until
// ctx ends. Its author calls it a fake for testing: it speaks the protocol and
// keeps its data on disk, and is no proof for a real broker.
func Serve(ctx context.Context, o Options) error {
	switch {
	case o.DataDir == "":
		return errors.New("no data folder given")
	case o.Username == "" || o.Password == "":
		return errors.New("KAFKA_SASL_USERNAME and KAFKA_SASL_PASSWORD must be set")
	}
	if err := os.MkdirAll(o.DataDir, 0o700); err != nil {
		return err
	}
	lock, err := lockDataDir(o.DataDir)
	if err != nil {
		return err
	}
	defer lock.Close()
	cluster, err := kfake.NewCluster(
		kfake.Ports(o.Port),
		kfake.ListenFn(o.listen),
		kfake.NumBrokers(1),
		kfake.ClusterID("tickler-local"),
		kfake.EnableSASL(),
		kfake.EnableACLs(),
		kfake.Superuser("SCRAM-SHA-256", o.Username, o.Password),
		kfake.DataDir(filepath.Join(o.DataDir, "log")),
		kfake.WithLogger(kfake.BasicLogger(o.Log, kfake.LogLevelWarn)),
	)
	if err != nil {
		return fmt.Errorf("starting the broker on %s: %w", o.DataDir, err)
	}
	boundRebalances(cluster, rebalanceTimeout)
	fmt.Fprintf(o.Log, "Kafka protocol on %v, SASL SCRAM-SHA-256. For local use only: this is kfake, a broker made for tests.\n",
		cluster.ListenAddrs())
	<-ctx.Done()
	cluster.Close()
	fmt.Fprintln(o.Log, "stopped")
	return nil
}

// rebalanceTimeout is how long members of a consumer group wait for one that does not
// join again. It is shorter than the 30 s after which Dapr's client gives up waiting for
// the answer, and asks again.
const rebalanceTimeout = 20 * time.Second

// boundRebalances lets no member ask for a longer one. kfake counts from the latest
// request, and Dapr's client asks for 60 s: a member that is gone without a word would be
// waited for as long as the others ask, and the group would consume nothing.
func boundRebalances(cluster *kfake.Cluster, bound time.Duration) {
	cluster.ControlKey(int16(kmsg.JoinGroup), func(request kmsg.Request) (kmsg.Response, error, bool) {
		cluster.KeepControl()
		if join, ok := request.(*kmsg.JoinGroupRequest); ok {
			join.RebalanceTimeoutMillis = min(join.RebalanceTimeoutMillis, int32(bound.Milliseconds()))
		}
		return nil, nil, false
	})
}

// listen makes kfake tell its clients another address than the one it listens on.
func (o Options) listen(network, address string) (net.Listener, error) {
	l, err := net.Listen(network, address)
	if err != nil || o.Advertised == "" {
		return l, err
	}
	told, err := net.ResolveTCPAddr(network, o.Advertised)
	return advertised{l, told}, err
}

type advertised struct {
	net.Listener
	address net.Addr
}

func (a advertised) Addr() net.Addr { return a.address }

// lockDataDir locks the data folder against a second broker, which kfake does not
// do.
func lockDataDir(dir string) (*os.File, error) {
	lock, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return nil, errors.Join(fmt.Errorf("another broker uses %s", dir), lock.Close())
	}
	return lock, nil
}
