// Package kube reads a live Kubernetes cluster: lists and gets, in pages, without
// watches or informers. It writes nothing but the agent's pods, where CreatePod and
// DeletePod are called.
//
// It takes from client-go what a kubeconfig needs (files, TLS, credential
// plugins, impersonation) and nothing else: the typed clients would link every
// API group, and rest.RESTClient reads bodies of any length, waits as long as a
// Retry-After says, and logs to standard error. No scheme is needed either: a
// scheme's decoder takes `{}` for an empty list, which here would read as a
// cluster without pods, so kinds are checked by hand.
package kube

import (
	"cmp"
	"context"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/runtime/schema"
	utilnet "k8s.io/apimachinery/pkg/util/net"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/util/flowcontrol"
)

// Options tune a connection. The zero value is good for a cluster of any size.
type Options struct {
	// QPS and Burst limit requests per second: 50 and 100 when zero. A negative
	// QPS switches the limit off.
	QPS   float32
	Burst int
	// PageSize is the number of objects asked for at a time, 500 when zero.
	PageSize int64
	// MaxPages ends a list that never ends, 10,000 when zero.
	MaxPages int
	// MaxBody is the largest answer that is read, in bytes after decompression:
	// 256 MiB when zero.
	MaxBody int64
	// Namespace restricts namespaced lists to one namespace; empty means all.
	Namespace string
	// Retries is how often a request is repeated that the server put off (429,
	// 502, 503, or 500 with Retry-After) or whose connection broke: 4 when zero,
	// never when negative.
	Retries int
	// Timeout is the time limit of one request: that of the rest.Config when zero,
	// and one minute without either.
	Timeout time.Duration
	// Source is the key of evidence.Document.Sources that objects name as theirs,
	// "cluster" when empty.
	Source string
	// Sleep waits for d or until ctx ends, and returns ctx's error then. Tests
	// replace it.
	Sleep func(ctx context.Context, d time.Duration) error
}

const (
	dialTimeout    = 10 * time.Second
	requestTimeout = time.Minute
	// pluginTimeout bounds a credential plugin, which may open a browser.
	pluginTimeout = 2 * time.Minute
	// concurrency is how many requests one cluster is asked at once.
	concurrency = 4
)

// Cluster is a connection to one API server. It is safe for concurrent use.
type Cluster struct {
	base       *url.URL
	http       *http.Client
	timeout    time.Duration
	plugin     string // the credential plugin's command, if there is one
	credential string // what is known of the credentials, for a 401
	limiter    flowcontrol.RateLimiter
	slots      chan struct{}
	options    Options

	mu        sync.Mutex
	access    map[accessQuestion]accessAnswer
	resources map[schema.GroupVersion]map[string]bool
}

// Connect prepares a connection; it sends nothing yet. cfg is not changed. What a
// credential plugin says on its standard error goes to ours, as with kubectl; it
// has no standard input.
func Connect(cfg *rest.Config, opt Options) (*Cluster, error) {
	if opt.Namespace != "" && !segment(opt.Namespace) {
		return nil, fmt.Errorf("connecting to the API server: %q is not a namespace's name", opt.Namespace)
	}
	own := rest.CopyConfig(cfg)
	base, _, err := rest.DefaultServerUrlFor(own)
	if err != nil {
		return nil, fmt.Errorf("connecting to the API server: %w", scrubbed(err))
	}
	if err := rest.LoadTLSFiles(own); err != nil {
		return nil, fmt.Errorf("reading the kubeconfig's TLS files: %w", err)
	}
	// With the names left in, client-go would watch the files in a goroutine that
	// never ends.
	own.CAFile, own.CertFile, own.KeyFile = "", "", ""
	own.UserAgent = cmp.Or(own.UserAgent, "regpolicy")
	own.Timeout = 0 // ours is per request and says at which stage it ran out
	if own.Dial == nil {
		own.Dial = (&net.Dialer{Timeout: dialTimeout, KeepAlive: 30 * time.Second}).DialContext
	}
	if own.ExecProvider != nil {
		own.ExecProvider = own.ExecProvider.DeepCopy()
		own.ExecProvider.StdinUnavailable = true
		own.ExecProvider.StdinUnavailableMessage = "regpolicy asks no questions"
	}
	transport, err := rest.TransportFor(own)
	if err != nil {
		return nil, fmt.Errorf("connecting to %q: %w", printable(base), scrubbed(err))
	}
	c := &Cluster{
		base: base, timeout: cmp.Or(opt.Timeout, cfg.Timeout, requestTimeout), credential: describeCredential(own),
		slots: make(chan struct{}, concurrency), options: opt.withDefaults(),
		access: map[accessQuestion]accessAnswer{}, resources: map[schema.GroupVersion]map[string]bool{},
		// An API server does not redirect, and credentials must not follow.
		http: &http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error {
			return http.ErrUseLastResponse
		}},
	}
	if own.ExecProvider != nil {
		c.plugin = own.ExecProvider.Command
	}
	c.limiter = flowcontrol.NewFakeAlwaysRateLimiter()
	if c.options.QPS > 0 {
		c.limiter = flowcontrol.NewTokenBucketRateLimiter(c.options.QPS, c.options.Burst)
	}
	return c, nil
}

func (o Options) withDefaults() Options {
	o.QPS = cmp.Or(o.QPS, 50)
	o.Burst = cmp.Or(o.Burst, 100)
	o.PageSize = cmp.Or(o.PageSize, 500)
	o.MaxPages = cmp.Or(o.MaxPages, 10_000)
	o.MaxBody = cmp.Or(o.MaxBody, 256<<20)
	o.Retries = cmp.Or(o.Retries, 4)
	o.Source = cmp.Or(o.Source, "cluster")
	if o.Sleep == nil {
		o.Sleep = sleep
	}
	return o
}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Close ends idle connections.
func (c *Cluster) Close() { utilnet.CloseIdleConnectionsFor(c.http.Transport) }

// Server is the API server's URL without credentials. It keeps the path, which
// tells the clusters behind one front end apart.
func (c *Cluster) Server() string { return printable(c.base) }

func printable(u *url.URL) string {
	clean := url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path}
	if clean.Path == "/" {
		clean.Path = ""
	}
	return clean.String()
}

// Version is the API server's version, "v1.37.2".
func (c *Cluster) Version(ctx context.Context) (string, error) {
	var version struct {
		GitVersion string `json:"gitVersion"`
	}
	if err := c.getJSON(ctx, "/version", &version); err != nil {
		return "", fmt.Errorf("reading the API server's version: %w", err)
	}
	if version.GitVersion == "" {
		return "", fmt.Errorf("reading the API server's version: %w", notKubernetes("a version"))
	}
	return version.GitVersion, nil
}
