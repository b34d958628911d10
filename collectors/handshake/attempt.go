package handshake

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"github.com/regpolicy/regpolicy/collectors/evidence"
)

// dialer is what one probe needs to connect.
type dialer struct {
	target  Target
	address string // what is dialled: the target's own or what ConnectTo says
	vantage *Vantage
	agent   string
}

// manner is how an attempt shakes hands.
type manner struct {
	// lenient takes what today's runtimes refuse: TLS 1.0 and 1.1 and their
	// cipher suites. It is for learning about a server that refused, no more.
	lenient bool
	// lowest is a tls.Version, 0 for the oldest that today's runtimes take, or with
	// lenient for TLS 1.0.
	lowest uint16
	// highest is a tls.Version, 0 for the newest. Up to TLS 1.2 the chain is
	// read off the wire where crypto/tls does not give it.
	highest uint16
	// ask sends GET /v2/ on the connection.
	ask bool
}

// attempt is what one connection told.
type attempt struct {
	address string // IP:port that was dialled, where it is known
	proxy   string // host:port
	reached bool
	trouble *trouble
	state   tls.ConnectionState
	raw     [][]byte // DER, as presented
	asked   bool     // the server wanted a client certificate
	v2      *evidence.V2
	// unread is why /v2/ could not be asked, when that is no fact about it.
	unread *trouble
	// insists: the server's answer to /v2/ says that it wants a certificate.
	insists bool
}

// try makes one connection and closes it. run is the whole run's context, probe
// the one with this probe's deadline.
func (d *dialer) try(run, probe context.Context, m manner) attempt {
	var a attempt
	conn, stage, err := d.connect(probe, &a)
	if err != nil {
		a.trouble = d.classify(run, probe, err, stage, &a)
		return a
	}
	a.reached = true
	var records *tap
	if m.highest != 0 && m.highest <= tls.VersionTLS12 {
		records = &tap{Conn: conn}
		conn = records
	}
	client := tls.Client(conn, a.config(d.target.Host, m))
	defer func() { _ = client.Close() }()
	err = client.HandshakeContext(probe)
	a.state = client.ConnectionState()
	if err == nil && m.ask {
		err = d.ask(run, probe, client, &a)
	}
	if records != nil && a.raw == nil {
		a.raw = certificates(records.seen)
	}
	if err != nil {
		a.trouble = d.classify(run, probe, err, stageHandshake, &a)
	}
	return a
}

// config accepts any certificate, because the probe exists to collect what a
// server presents, above all when it would not verify. Nothing is sent over the
// connection but GET /v2/ without credentials, and nothing that comes back is
// trusted: verdicts on the chain are computed later, per trust store.
func (a *attempt) config(host string, m manner) *tls.Config {
	config := &tls.Config{
		ServerName:         host, // crypto/tls sends no SNI for an IP address
		InsecureSkipVerify: true, //nolint:gosec // see above
		MinVersion:         m.lowest,
		MaxVersion:         m.highest,
		VerifyPeerCertificate: func(raw [][]byte, _ [][]*x509.Certificate) error { //nolint:gosec // it collects and checks nothing; without a cache no session is resumed
			for _, der := range raw {
				a.raw = append(a.raw, slices.Clone(der))
			}
			return nil
		},
		GetClientCertificate: func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
			a.asked = true
			return &tls.Certificate{}, nil // none: the server shall say whether it insists
		},
	}
	if m.lenient {
		config.MinVersion = max(m.lowest, tls.VersionTLS10)
		for _, suite := range slices.Concat(tls.CipherSuites(), tls.InsecureCipherSuites()) {
			config.CipherSuites = append(config.CipherSuites, suite.ID)
		}
	}
	return config
}

// ask reads /v2/. It returns an error only when the first read shows that the
// handshake did not succeed: in TLS 1.3 the server's refusal of a client without
// certificate comes after the client's side has finished.
func (d *dialer) ask(run, probe context.Context, conn net.Conn, a *attempt) error {
	v2, body, err := askV2(conn, hostHeader(d.target), d.agent, a.asked)
	if err == nil {
		a.v2 = v2
		a.insists = a.asked && strings.Contains(strings.ToLower(string(body)), "required ssl certificate")
		return nil
	}
	if stop := ended(run, probe, stageHandshake); stop != nil {
		if run.Err() == nil {
			stop.detail = "the handshake completed, and GET /v2/ got no answer within the probe's deadline"
		}
		a.unread = stop
		return nil
	}
	if t := classifyHandshake(err, a.asked); t.cause == "client_certificate_required" {
		return err
	}
	a.v2 = &evidence.V2{Error: detail(err)}
	return nil
}

// hostHeader leaves out the default port, as HTTP clients do.
func hostHeader(t Target) string {
	if t.Port != defaultPort {
		return t.Key()
	}
	if strings.Contains(t.Host, ":") {
		return "[" + t.Host + "]"
	}
	return t.Host
}

// connect dials the target, through the vantage's proxy where it has one for
// it. stage tells where an error happened.
func (d *dialer) connect(ctx context.Context, a *attempt) (conn net.Conn, stage string, err error) {
	proxy, err := d.proxy()
	if err != nil {
		return nil, stageProxy, err
	}
	address := d.address
	if proxy != nil {
		if address, err = proxyAddress(proxy); err != nil {
			return nil, stageProxy, err
		}
		a.proxy = address
	}
	raw, err := d.vantage.Dial(ctx, "tcp", address)
	if err != nil {
		return nil, stageDial, err
	}
	bound := bind(ctx, raw)
	if proxy == nil {
		a.address = dialled(raw.RemoteAddr())
		return bound, "", nil
	}
	tunnelled, err := tunnel(ctx, bound, proxy, d.vantage.ProxyRoots, d.address, d.agent)
	if err != nil {
		_ = bound.Close()
		return nil, stageProxy, err
	}
	return tunnelled, "", nil
}

func (d *dialer) proxy() (*url.URL, error) {
	if d.vantage.Proxy == nil {
		return nil, nil
	}
	proxy, err := d.vantage.Proxy(d.address)
	if err != nil {
		return nil, fmt.Errorf("choosing a proxy for %q: %w", d.address, err)
	}
	return proxy, nil
}

// dialled leaves out the zero address that x/crypto/ssh gives its channels.
func dialled(remote net.Addr) string {
	if remote == nil {
		return ""
	}
	address, err := netip.ParseAddrPort(remote.String())
	if err != nil || address.Port() == 0 || address.Addr().IsUnspecified() {
		return ""
	}
	return netip.AddrPortFrom(address.Addr().Unmap(), address.Port()).String()
}

// classify sorts an error by where it happened.
func (d *dialer) classify(run, probe context.Context, err error, stage string, a *attempt) *trouble {
	if t := ended(run, probe, stage); t != nil {
		return t
	}
	switch stage {
	case stageHandshake:
		return classifyHandshake(err, a.asked)
	case stageProxy:
		if refused, ok := errors.AsType[*proxyError](err); ok {
			return &trouble{cause: "proxy", stage: stageProxy, detail: proxyDetail(refused)}
		}
		return &trouble{reason: "internal", stage: stageProxy, detail: clean(err.Error())}
	}
	t := classifyDial(err, d.vantage.Reason)
	if a.proxy != "" && t.cause != "" {
		t.detail = clean(fmt.Sprintf("dialing proxy %s: %s", a.proxy, t.detail))
		t.cause, t.stage = "proxy", stageProxy
	}
	return t
}

// proxyDetail keeps what the proxy was asked and drops our own address.
func proxyDetail(err *proxyError) string {
	var op *net.OpError
	if errors.As(err, &op) && op.Err != nil {
		return clean(strings.ReplaceAll(err.Error(), op.Error(), detail(op)))
	}
	return clean(err.Error())
}
