package publish

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/report"
)

const (
	pushTime    = 30 * time.Second
	mostRefusal = 2048
	// group is where the metrics go below an address that names no group.
	group = "/metrics/job/regpolicy"
)

// Gateway is a group of metrics of a Pushgateway.
type Gateway struct{ url *url.URL }

// ParseGateway reads the address of a Pushgateway, or of a group of it
// (http://HOST:9091/metrics/job/NAME/LABEL/VALUE).
func ParseGateway(text string) (*Gateway, error) {
	u, err := url.Parse(text)
	switch {
	case err != nil:
		return nil, errors.New("it is no URL") // which may hold a password
	case u.User != nil:
		return nil, errors.New("it holds a user or password, which is not taken there")
	case u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "":
		return nil, fmt.Errorf("%q is no http or https address", text)
	case u.RawQuery != "" || u.Fragment != "":
		return nil, fmt.Errorf("%q has a query or fragment, which a Pushgateway has not", text)
	}
	if !strings.Contains(u.Path, "/metrics/job/") && !strings.Contains(u.Path, "/metrics/job@base64/") {
		u = u.JoinPath(group)
	}
	return &Gateway{u}, nil
}

// String is the address of the group.
func (g *Gateway) String() string { return g.url.String() }

// Metrics puts the report's metrics in the place of all that the group has. proxy is
// as in http.Transport.
func (g *Gateway) Metrics(ctx context.Context, r *report.Report, proxy func(*http.Request) (*url.URL, error)) error {
	ctx, cancel := context.WithTimeout(ctx, pushTime)
	defer cancel()
	var text bytes.Buffer
	if err := report.Prometheus(&text, r); err != nil {
		return err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPut, g.String(), &text)
	if err != nil {
		return fmt.Errorf("pushing metrics to %q: %w", g, err)
	}
	request.Header.Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
	request.Header.Set("User-Agent", "regpolicy")
	transport := &http.Transport{Proxy: proxy, ForceAttemptHTTP2: true}
	defer transport.CloseIdleConnections()
	client := &http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	response, err := client.Do(request)
	if err != nil {
		if failed, ok := errors.AsType[*url.Error](err); ok {
			err = failed.Err // without the URL, which stands there already
		}
		return fmt.Errorf("pushing metrics to %q: %w", g, err)
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(response.Body, mostRefusal))
	if response.StatusCode/100 != 2 {
		said := strings.TrimSpace(string(answer))
		if said == "" || err != nil {
			said = "and no more"
		}
		return fmt.Errorf("pushing metrics to %q: it answers %s: %s", g, response.Status, said)
	}
	return nil
}
