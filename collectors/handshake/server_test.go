package handshake

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/regpolicy/regpolicy/collectors/evidence"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// listen serves each connection on loopback with handle and returns the address.
// At the test's end it closes all connections and waits for the handlers.
func listen(t testing.TB, handle func(net.Conn)) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var (
		mu    sync.Mutex
		open  = map[net.Conn]bool{}
		works sync.WaitGroup
	)
	works.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			mu.Lock()
			open[conn] = true
			mu.Unlock()
			works.Go(func() {
				defer func() {
					mu.Lock()
					delete(open, conn)
					mu.Unlock()
					conn.Close()
				}()
				handle(conn)
			})
		}
	})
	t.Cleanup(func() {
		listener.Close()
		mu.Lock()
		for conn := range open {
			conn.Close()
		}
		mu.Unlock()
		works.Wait()
	})
	return listener.Addr().String()
}

// listenTLS serves TLS, and on it the answer that respond gives to a request.
func listenTLS(t testing.TB, config *tls.Config, respond func(conn net.Conn, request *http.Request)) string {
	t.Helper()
	return listen(t, func(conn net.Conn) {
		server := tls.Server(conn, config)
		defer server.Close()
		if server.Handshake() != nil {
			return
		}
		request, err := http.ReadRequest(bufio.NewReader(server))
		if err != nil {
			return
		}
		respond(server, request)
	})
}

// says answers each request with text.
func says(text string) func(net.Conn, *http.Request) {
	return func(conn net.Conn, _ *http.Request) { _, _ = conn.Write([]byte(text)) }
}

const registryAnswer = "HTTP/1.1 401 Unauthorized\r\nDocker-Distribution-Api-Version: registry/2.0\r\n" +
	"WWW-Authenticate: Basic realm=\"Registry\"\r\nContent-Length: 0\r\n\r\n"

// withoutDeadlines is a connection as an SSH client gives it: deadlines are an
// error, and nothing but Close ends a Read.
type withoutDeadlines struct{ net.Conn }

var errNoDeadlines = errors.New("ssh: tcpChan: deadline not supported")

func (withoutDeadlines) SetDeadline(time.Time) error      { return errNoDeadlines }
func (withoutDeadlines) SetReadDeadline(time.Time) error  { return errNoDeadlines }
func (withoutDeadlines) SetWriteDeadline(time.Time) error { return errNoDeadlines }

// here is the collector's own viewpoint over connections without deadlines.
func here() Vantage {
	return Vantage{Name: "collector", Dial: func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := new(net.Dialer).DialContext(ctx, network, address)
		if err != nil {
			return nil, err
		}
		return withoutDeadlines{conn}, nil
	}}
}

var testTime = time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)

func newBuilder() *evidence.Builder {
	return evidence.NewBuilder(evidence.Tool{Name: "regpolicy", Version: "test"}, testTime)
}

// collect runs Collect and checks what holds for every document: coverage adds
// up, and the document can be written.
func collect(t testing.TB, ctx context.Context, targets []Target, vantages []Vantage, opt Options) *evidence.Document {
	t.Helper()
	b := newBuilder()
	opt.Source = "probe"
	if opt.Now == nil {
		opt.Now = func() time.Time { return testTime }
	}
	Collect(ctx, b, targets, vantages, opt)
	return build(t, b)
}

func build(t testing.TB, b *evidence.Builder) *evidence.Document {
	t.Helper()
	document := b.Build("internal")
	c := document.Coverage[evidence.Handshakes]
	if c.Asked != c.Answered+len(c.Gaps)+c.Skipped {
		t.Errorf("coverage does not add up: %+v", c)
	}
	for _, gap := range c.Gaps {
		if gap.Reason == "internal" {
			t.Logf("internal gap: %+v", gap)
		}
	}
	if _, err := evidence.Encode(document); err != nil {
		t.Errorf("the document cannot be written: %v", err)
	}
	return document
}

// probeOne probes name:443 at address and returns the document.
func probeOne(t testing.TB, name, address string, opt Options) *evidence.Document {
	t.Helper()
	target := mustTarget(t, name)
	opt.ConnectTo = map[string]string{target.Key(): address}
	return collect(t, t.Context(), []Target{target}, []Vantage{here()}, opt)
}

func mustTarget(t testing.TB, s string) Target {
	t.Helper()
	target, err := ParseTarget(s)
	if err != nil {
		t.Fatal(err)
	}
	target.Roles = []string{RoleRegistry}
	return target
}

func gaps(d *evidence.Document) []evidence.Gap { return d.Coverage[evidence.Handshakes].Gaps }
