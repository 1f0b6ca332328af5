package e2e

import (
	"encoding/binary"
	"errors"
	"io"
	"net"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	"tickler/dev/broker"
	"tickler/dev/stack"
)

// faulty is a cluster inside the test that misbehaves on command: by kfake's own
// faults, and by connections that drop answers or are cut.
type faulty struct {
	*kfake.Cluster
	mu       sync.Mutex
	away     bool // every connection is cut, and so is every new one
	produced fate // of answers to what was published
	lost     int  // answers that did not get through
	attached map[*wire]bool
}

// fate of an answer to a request that the broker has already carried out.
type fate int

const (
	arrives  fate = iota
	vanishes      // the connection stays, the answer never comes
	cuts          // the connection ends in place of the answer
)

// startFaulty starts a system on a faulty cluster of so many brokers. A test on
// it is about the client in daprd that speaks Kafka's protocol, so it runs with
// no other broker.
func startFaulty(t *testing.T, brokers int) (*system, *faulty) {
	t.Helper()
	if kind, err := testBroker(); err != nil || kind != broker.Redpanda {
		t.Skip("it brings its own broker, whichever the suite runs on")
	}
	f := &faulty{attached: map[*wire]bool{}}
	access := broker.Access{Kind: broker.Redpanda, Username: "tickler", Password: "faulty"}
	var err error
	f.Cluster, err = kfake.NewCluster(kfake.NumBrokers(brokers), kfake.ListenFn(f.listen),
		kfake.EnableSASL(), kfake.Superuser("SCRAM-SHA-256", access.Username, access.Password))
	require.NoError(t, err)
	t.Cleanup(f.Close)
	access.Brokers = f.ListenAddrs()
	return start(t, func(c *stack.Config) { c.BrokerElsewhere = &access }), f
}

// cut closes all connections, and every new one until restore.
func (f *faulty) cut() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.away = true
	for w := range f.attached {
		_ = w.Conn.Close()
	}
	clear(f.attached)
}

func (f *faulty) restore() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.away = false
}

// answers decides the fate of answers to everything published from now on.
func (f *faulty) answers(fate fate) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.produced = fate
}

// losses counts the answers that were dropped.
func (f *faulty) losses() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.lost
}

// decide decides the fate of each answer, by the key of its request.
func (f *faulty) decide(key int16) fate {
	f.mu.Lock()
	defer f.mu.Unlock()
	if key != int16(kmsg.Produce) || f.produced == arrives {
		return arrives
	}
	f.lost++
	return f.produced
}

// untilRead waits until the observer, which the faults hit too, has read all that
// is on the brokers by now.
func (f *faulty) untilRead(t *testing.T, o *observer) {
	t.Helper()
	type partition struct {
		topic  string
		number int32
	}
	until(t, soon, "the observer to have caught up", func() bool {
		read := map[partition]int64{}
		for _, m := range o.find(func(message) bool { return true }) {
			read[partition{m.topic, m.partition}] = m.offset + 1
		}
		for _, topic := range publishedTo {
			for _, p := range f.PartitionInfos(topic) {
				if read[partition{topic, p.Partition}] < p.HighWatermark {
					return false
				}
			}
		}
		return true
	})
}

func (f *faulty) listen(network, address string) (net.Listener, error) {
	l, err := net.Listen(network, address)
	return gate{l, f}, err
}

// gate is a listener whose connections faulty controls.
type gate struct {
	net.Listener
	faulty *faulty
}

func (g gate) Accept() (net.Conn, error) {
	for {
		conn, err := g.Listener.Accept()
		if err != nil {
			return nil, err
		}
		w := &wire{Conn: conn, faulty: g.faulty, keys: map[uint32]int16{}}
		g.faulty.mu.Lock()
		away := g.faulty.away
		if !away {
			g.faulty.attached[w] = true
		}
		g.faulty.mu.Unlock()
		if !away {
			return w, nil
		}
		_ = conn.Close()
	}
}

// wire is a connection from the broker's side. It reads along to know which
// answer is to which request: both carry the same correlation id.
// https://kafka.apache.org/protocol#protocol_messages
type wire struct {
	net.Conn
	faulty *faulty

	mu   sync.Mutex
	read []byte // of the request that is arriving: its size, then itself
	keys map[uint32]int16
}

func (w *wire) Read(p []byte) (int, error) {
	n, err := w.Conn.Read(p)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.read = append(w.read, p[:n]...)
	for len(w.read) >= 12 {
		size := 4 + int(binary.BigEndian.Uint32(w.read))
		if len(w.read) < size {
			break
		}
		w.keys[binary.BigEndian.Uint32(w.read[8:])] = int16(binary.BigEndian.Uint16(w.read[4:]))
		w.read = w.read[size:]
	}
	return n, err
}

// Write gets an answer as a whole, as kfake writes them.
func (w *wire) Write(p []byte) (int, error) {
	correlation := binary.BigEndian.Uint32(p[4:])
	w.mu.Lock()
	key := w.keys[correlation]
	delete(w.keys, correlation)
	w.mu.Unlock()
	switch w.faulty.decide(key) {
	case vanishes:
		return len(p), nil
	case cuts:
		return 0, errors.Join(io.ErrClosedPipe, w.Close())
	default:
		return w.Conn.Write(p)
	}
}

func (w *wire) Close() error {
	w.faulty.mu.Lock()
	delete(w.faulty.attached, w)
	w.faulty.mu.Unlock()
	return w.Conn.Close()
}
