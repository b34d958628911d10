// Largegen writes the evidence document of one large cluster, which benchmarks judge.
// The same sizes give the same bytes.
//
//	go run ./cmd/regpolicy/internal/largecluster/largegen -nodes 5000 > large.json
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"

	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/largecluster"
	"github.com/regpolicy/regpolicy/collectors/evidence"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "largegen:", err)
		os.Exit(1) //nolint:forbidigo // this is a main
	}
}

func run() error {
	nodes := flag.Int("nodes", largecluster.Large().Nodes, "nodes; pods and events grow with them unless they are given")
	roots := flag.Int("roots", largecluster.Large().Roots, "public roots on each node")
	pods := flag.Int("pods", 0, "pods (default 30 a node)")
	events := flag.Int("events", 0, "events (default 12 a node)")
	registries := flag.Int("registries", largecluster.Large().Registries, "registries")
	plain := flag.Bool("plain", false, "write the straightforward document instead: every certificate under every node")
	decode := flag.String("decode", "", "decode this file as bare JSON instead, and write nothing")
	flag.Parse()
	if *decode != "" {
		return bare(*decode)
	}
	sizes := largecluster.Of(*nodes)
	sizes.Roots, sizes.Registries = *roots, *registries
	if *pods > 0 {
		sizes.Pods = *pods
	}
	if *events > 0 {
		sizes.Events = *events
	}
	doc, err := largecluster.Make(context.Background(), sizes)
	if err != nil {
		return err
	}
	if *plain {
		return largecluster.WritePlain(os.Stdout, doc)
	}
	encoded, err := evidence.Encode(doc)
	if err != nil {
		return err
	}
	_, err = os.Stdout.Write(encoded)
	return err
}

// bare decodes a file as any program would that knows nothing of it: the measure that
// judging is held against.
func bare(path string) error {
	text, err := os.ReadFile(path) //nolint:gosec // the user names it
	if err != nil {
		return err
	}
	var plain any
	return json.Unmarshal(text, &plain)
}
