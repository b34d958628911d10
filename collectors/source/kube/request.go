package kube

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"slices"
	"strconv"
	"sync/atomic"
	"time"
)

const (
	mediaJSON     = "application/json"
	mediaProtobuf = "application/vnd.kubernetes.protobuf"
	// acceptProtobuf lets a server that has no protobuf answer in JSON.
	acceptProtobuf = mediaProtobuf + "," + mediaJSON

	// maxRetryAfter caps what a Retry-After may ask for.
	maxRetryAfter = 30 * time.Second
	firstBackoff  = 500 * time.Millisecond
	// maxErrorBody is how much of an error's body is read.
	maxErrorBody = 64 << 10
	// maxObject is more than any object: a request to store one may have 3 MiB.
	maxObject = 8 << 20
)

// errTooSlow is the cause of a context that this package's own time limit ended.
var errTooSlow = errors.New("time limit of one request")

type request struct {
	method string // GET when empty
	path   string // below the server's URL
	query  url.Values
	accept string
	body   []byte // JSON
	most   int64  // the largest answer that is read; Options.MaxBody when zero
	into   []byte // whose room the answer's body may take
}

type answer struct {
	mediaType string
	body      []byte
}

// fetch sends a request, and again where that helps. Its errors are *failure or
// a cancelled context.
func (c *Cluster) fetch(ctx context.Context, r request) (answer, error) {
	for try := 0; ; try++ {
		got, fault := c.attempt(ctx, r)
		if fault == nil {
			return got, nil
		}
		if try >= min(fault.retry, c.options.Retries) {
			return answer{}, fault
		}
		wait := fault.after
		if wait <= 0 {
			wait = firstBackoff << min(try, 6)
		}
		if err := c.options.Sleep(ctx, min(wait, maxRetryAfter)); err != nil {
			if errors.Is(err, context.Canceled) {
				return answer{}, err
			}
			return answer{}, fault // out of time: what we waited for tells more
		}
	}
}

// attempt sends a request once.
func (c *Cluster) attempt(parent context.Context, r request) (answer, *failure) {
	if err := c.limiter.Wait(parent); err != nil {
		return answer{}, ended(parent, "waiting for our own rate limit", err)
	}
	select {
	case c.slots <- struct{}{}:
		defer func() { <-c.slots }()
	case <-parent.Done():
		return answer{}, ended(parent, "waiting for other requests", parent.Err())
	}
	ctx, cancel := context.WithCancelCause(parent)
	defer cancel(nil)
	timer := time.AfterFunc(c.timeout, func() { cancel(errTooSlow) })
	defer timer.Stop()
	prepared := func() {}
	if c.plugin != "" {
		timer.Reset(pluginTimeout)
		prepared = func() { timer.Reset(c.timeout) }
	}
	var at progress
	req, err := c.newRequest(httptrace.WithClientTrace(ctx, at.trace(prepared)), r)
	if err != nil {
		return answer{}, &failure{reason: "internal", err: err}
	}
	resp, err := c.send(req)
	if err != nil {
		return answer{}, c.transportFailure(ctx, at.stage(), err)
	}
	defer resp.Body.Close()
	return c.receive(ctx, resp, r.into, cmp.Or(r.most, c.options.MaxBody))
}

func (c *Cluster) newRequest(ctx context.Context, r request) (*http.Request, error) {
	target := c.base.JoinPath(r.path)
	target.RawQuery = r.query.Encode()
	method := http.MethodGet
	var body io.Reader
	if r.method != "" {
		method, body = r.method, bytes.NewReader(r.body)
	}
	req, err := http.NewRequestWithContext(ctx, method, target.String(), body)
	if err != nil {
		return nil, errors.New("making a request: the URL is not valid")
	}
	req.Header.Set("Accept", r.accept)
	if body != nil {
		req.Header.Set("Content-Type", mediaJSON)
	}
	return req, nil
}

// send is http.Client.Do, except that it ends with the context also while a
// credential plugin runs, which client-go starts without one.
func (c *Cluster) send(req *http.Request) (*http.Response, error) {
	if c.plugin == "" {
		return c.http.Do(req)
	}
	type result struct {
		resp *http.Response
		err  error
	}
	done := make(chan result)
	go func() {
		resp, err := c.http.Do(req)
		select {
		case done <- result{resp, err}:
		case <-req.Context().Done():
			if err == nil {
				resp.Body.Close()
			}
		}
	}()
	select {
	case got := <-done:
		return got.resp, got.err
	case <-req.Context().Done():
		return nil, req.Context().Err()
	}
}

// receive reads the answer's body, within limits.
func (c *Cluster) receive(ctx context.Context, resp *http.Response, into []byte, limit int64) (answer, *failure) {
	mediaType, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	good := slices.Contains([]int{http.StatusOK, http.StatusCreated, http.StatusAccepted}, resp.StatusCode)
	if !good {
		body, _ := io.ReadAll(io.LimitReader(resp.Body, maxErrorBody))
		return answer{}, c.statusFailure(resp, answer{mediaType, body})
	}
	tooLong := &failure{reason: "truncated", err: fmt.Errorf("the answer is longer than %d bytes", limit)}
	if resp.ContentLength > limit {
		return answer{}, tooLong
	}
	body, err := readAll(into, io.LimitReader(resp.Body, limit+1))
	switch {
	case int64(len(body)) > limit:
		return answer{}, tooLong
	case ctx.Err() != nil:
		// Also without an error: a server that sees us go may still end a chunked
		// body properly, and half a body would look whole.
		return answer{}, c.transportFailure(ctx, waiting, ctx.Err())
	case err != nil:
		return answer{}, &failure{reason: "truncated", err: fmt.Errorf("the answer broke off after %d bytes: %w", len(body), err), retry: always}
	}
	return answer{mediaType, body}, nil
}

// readAll is io.ReadAll into the room that a slice has.
func readAll(into []byte, r io.Reader) ([]byte, error) {
	room := bytes.NewBuffer(into[:0])
	_, err := room.ReadFrom(r)
	return room.Bytes(), err
}

// retryAfter reads the header of RFC 9110 section 10.2.3: seconds, or a date,
// which is held against the server's own clock.
func retryAfter(h http.Header) (time.Duration, bool) {
	value := h.Get("Retry-After")
	if seconds, err := strconv.Atoi(value); err == nil && seconds >= 0 {
		return time.Duration(min(seconds, 24*60*60)) * time.Second, true
	}
	then, err := http.ParseTime(value)
	if err != nil {
		return 0, false
	}
	now, err := http.ParseTime(h.Get("Date"))
	if err != nil {
		return 0, false
	}
	return max(then.Sub(now), 0), true
}

// A stage is how far a request has come.
type stage int32

const (
	preparing  stage = iota // only a credential plugin makes this long
	connecting              // name, TCP, proxy
	handshaking
	waiting // for the answer and its body
)

type progress struct{ at atomic.Int32 }

func (p *progress) stage() stage { return stage(p.at.Load()) }

func (p *progress) trace(prepared func()) *httptrace.ClientTrace {
	set := func(s stage) { p.at.Store(int32(s)) }
	return &httptrace.ClientTrace{
		GetConn:           func(string) { prepared(); set(connecting) },
		TLSHandshakeStart: func() { set(handshaking) },
		GotConn:           func(httptrace.GotConnInfo) { set(waiting) },
	}
}
