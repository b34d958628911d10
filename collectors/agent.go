package collectors

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"time"

	"github.com/regpolicy/regpolicy/collectors/evidence"
	"github.com/regpolicy/regpolicy/collectors/handshake"
	"github.com/regpolicy/regpolicy/collectors/nodecerts"
	"github.com/regpolicy/regpolicy/collectors/source/agent"
)

// AgentConfig says what the agent on a node looks at.
type AgentConfig struct {
	Tool evidence.Tool
	Now  func() time.Time
	// Root is the node that it runs on.
	Root HostRoot
	// Registries are probed from here, which is the node's network.
	Registries   []handshake.Target
	ConnectTo    map[string]string
	ProbeTimeout time.Duration
}

// ReadOwnNode looks at the node that this program runs on, as CollectSSH does from
// afar: its files first, then the registries, through the proxy that its files name.
func ReadOwnNode(ctx context.Context, cfg AgentConfig) (*agent.Frame, error) {
	now := cfg.Now()
	listing, err := nodecerts.ReadHostRoot(ctx, cfg.Root.FS, cfg.Root.Proc, now)
	if err != nil {
		return nil, err
	}
	listing.Ended = cfg.Now().UTC().Truncate(time.Second)
	f := &agent.Frame{Node: cfg.Root.Name, Version: cfg.Tool.Version, At: now, Partial: !listing.Live}
	var stream bytes.Buffer
	if err := nodecerts.WriteStream(&stream, listing); err != nil {
		return nil, err
	}
	f.Listing = stream.Bytes()
	if len(cfg.Registries) == 0 {
		return f, nil
	}
	f.Probes, err = ownProbes(ctx, cfg, listing, now)
	return f, err
}

func ownProbes(ctx context.Context, cfg AgentConfig, listing *nodecerts.Listing, now time.Time) ([]byte, error) {
	node := evidence.NewBuilder(cfg.Tool, now) // for the proxy alone
	nodecerts.Record(node, cfg.Root.Name, listing, evidence.Access{}, evidence.Provenance{}, nodecerts.Clock{})
	b := evidence.NewBuilder(cfg.Tool, now)
	handshake.Collect(ctx, b, cfg.Registries, []handshake.Vantage{{
		Name: "node/" + cfg.Root.Name, Dial: (&net.Dialer{}).DialContext, Proxy: nodeProxy(node, cfg.Root.Name),
	}}, handshake.Options{Timeout: cfg.ProbeTimeout, ConnectTo: cfg.ConnectTo, Now: cfg.Now, FollowRealm: true})
	encoded, err := evidence.Encode(b.Build("internal"))
	if err != nil {
		return nil, fmt.Errorf("writing down the handshakes: %w", err)
	}
	return encoded, nil
}
