//go:build linux

package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strings"

	"github.com/regpolicy/regpolicy/collectors/evidence"
	"github.com/regpolicy/regpolicy/collectors/nodecerts"
)

// Loops run as many at once as regpolicy does.
const (
	sshAtOnce = "48"
	tlsAtOnce = "64"
)

// kubectlPod is what kubectl has of a pod and its share of events and nodes: it decodes
// all pages into one list of maps before it writes the first byte.
const kubectlPod = 215_000

// answered fails unless a document answers all that was asked of one kind.
func (b *bench) answered(collector string, want int) error {
	text, err := os.ReadFile(b.path("document.json"))
	if err != nil {
		return err
	}
	var doc struct {
		Coverage map[string]evidence.Coverage `json:"coverage"`
	}
	if err := json.Unmarshal(text, &doc); err != nil {
		return err
	}
	if c := doc.Coverage[collector]; c.Answered != want {
		return fmt.Errorf("regpolicy has %d of %d %s", c.Answered, want, collector)
	}
	return nil
}

func (b *bench) clusterPart(ctx context.Context) error {
	api, server, err := b.startAPI()
	if err != nil {
		return err
	}
	defer server.Close()
	c := b.cluster
	b.heading("a cluster: %d pods, %d events, %d nodes", c.Pods, c.Events, c.Nodes)
	pages := (c.Pods+499)/500 + (c.Events+499)/500 + (c.Nodes+499)/500
	far := func() string {
		t := api.Take()
		asked := 0
		for _, n := range t.Pages {
			asked += n
		}
		return fmt.Sprintf("%d requests for %d pages, %d others, %.0f MB", asked, pages, t.Other, float64(t.Bytes)/1e6)
	}
	config := b.path("kubeconfig")
	document := b.path("document.json")
	if err := b.measure(ctx, "regpolicy collect", far, b.regpolicy, "collect", "--kubeconfig", config, "--no-probe", "-o", document); err != nil {
		return err
	}
	if err := b.answered(evidence.Pods, 1); err != nil {
		return err
	}
	if err := b.measure(ctx, "regpolicy collect --disable-compression", far, b.regpolicy, "collect", "--kubeconfig", config, "--no-probe", "--disable-compression", "-o", document); err != nil {
		return err
	}
	const name = "kubectl get pods,events,nodes -A -o json"
	needed, free := int64(c.Pods)*kubectlPod, kilobytes("/proc/meminfo", "MemAvailable:")<<10
	if needed > free/4*3 {
		fmt.Fprintf(b.out, "%-52s left out: it takes about %.0f GB, and %.0f GB are free\n", name, float64(needed)/1e9, float64(free)/1e9)
		return nil
	}
	return b.measure(ctx, name, far, b.kubectl, "--kubeconfig", config, "--cache-dir", b.path("cache"),
		"get", "pods,events,nodes", "--all-namespaces", "-o", "json")
}

func (b *bench) nodesPart(ctx context.Context) error {
	site, err := b.startNodes()
	if err != nil {
		return err
	}
	defer site.close()
	b.heading("%d nodes over SSH, %s away, %d KB each", b.nodes, b.roundTrip, len(site.stream)>>10)
	far := func() string {
		connections, commands := site.take()
		return fmt.Sprintf("%d connections, %d commands", connections, commands)
	}
	collect := []string{b.regpolicy, "collect", "--ssh-user", user, "--ssh-key", b.path("key"), "--ssh-known-hosts", b.path("known_hosts"), "-o", b.path("document.json")}
	var list strings.Builder
	for i, link := range site.links {
		collect = append(collect, "--node", fmt.Sprintf("wk-%04d=%s", i, link.Addr()))
		fmt.Fprintln(&list, port(link.Addr()))
	}
	if err := b.measure(ctx, "regpolicy collect", far, collect...); err != nil {
		return err
	}
	if err := b.answered(evidence.Nodes, b.nodes); err != nil {
		return err
	}
	ports, err := b.write("ports", list.String())
	if err != nil {
		return err
	}
	command, err := b.write("command", nodecerts.Command())
	if err != nil {
		return err
	}
	// The command is read once; ssh takes the shell's place.
	loop := fmt.Sprintf(`COMMAND=$(cat %s) && export COMMAND && exec xargs -a %s -P %s -n 1 sh -c 'exec ssh -F %s -p "$1" 127.0.0.1 "$COMMAND" >%s/node.$1' sh`,
		command, ports, sshAtOnce, b.path("ssh_config"), b.work)
	if err := b.measure(ctx, "xargs -P "+sshAtOnce+" ssh, the same command", far, "sh", "-c", loop); err != nil {
		return err
	}
	for _, link := range site.links {
		got, err := os.Stat(b.path("node." + port(link.Addr())))
		if err != nil || got.Size() != int64(len(site.stream)) {
			return fmt.Errorf("ssh did not bring what the node wrote: %w", err)
		}
	}
	return nil
}

func (b *bench) registriesPart(ctx context.Context) error {
	site, err := b.startRegistries()
	if err != nil {
		return err
	}
	defer site.close()
	b.heading("%d registries, %s away", b.registries, b.roundTrip)
	far := func() string {
		connections, requests := site.take()
		return fmt.Sprintf("%d connections, %d requests", connections, requests)
	}
	collect := []string{b.regpolicy, "collect", "-o", b.path("document.json")}
	var list strings.Builder
	for i, link := range site.links {
		name := registryName(i)
		collect = append(collect, "--registry", name, "--connect-to", name+":443:"+link.Addr())
		fmt.Fprintln(&list, link.Addr(), name)
	}
	if err := b.measure(ctx, "regpolicy collect", far, collect...); err != nil {
		return err
	}
	if err := b.answered(evidence.Handshakes, b.registries); err != nil {
		return err
	}
	pairs, err := b.write("pairs", list.String())
	if err != nil {
		return err
	}
	loop := func(body string) []string {
		return []string{"xargs", "-a", pairs, "-P", tlsAtOnce, "-n", "2", "sh", "-c", body, "sh"}
	}
	if err := b.measure(ctx, "xargs -P "+tlsAtOnce+" openssl s_client", far, loop(
		`exec openssl s_client -connect "$1" -servername "$2" -showcerts </dev/null >`+b.work+`/tls.$2 2>&1`)...); err != nil {
		return err
	}
	return b.measure(ctx, "the same for each of four versions of TLS", far, loop(
		`for v in tls1 tls1_1 tls1_2 tls1_3; do openssl s_client -$v -connect "$1" -servername "$2" -showcerts </dev/null >`+b.work+`/tls.$2.$v 2>&1; done; exit 0`)...)
}
