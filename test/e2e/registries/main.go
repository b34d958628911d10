// Command registries plays all the registries of the end-to-end test, good and
// broken, and the DNS server that knows them. It wants a network namespace to
// itself, in which all of 10.99.1.0/24 and 10.99.0.53 are local.
//
//	registries -dir DIR -hello STATIC-BINARY -regpolicy STATIC-BINARY -busybox STATIC-BINARY
//
// Under DIR it writes regpolicy.tar and busybox.tar, images as archives,
// trusted/*.pem, the CAs that a node is to trust, untrusted/*.pem, those that it is
// not to, states/*.pem, those of the stage states, and last of all the file ready. A
// file repaired/SITE there repairs a site.
package main

import (
	"flag"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"path/filepath"

	"github.com/google/go-containerregistry/pkg/registry"
)

const (
	domain      = ".corp.example"
	dnsAddress  = "10.99.0.53:53"
	siteNetwork = "10.99.1."
)

func main() {
	log.SetFlags(0)
	dir := flag.String("dir", "", "folder for the CAs' certificates")
	hello := flag.String("hello", "", "static binary that most images hold")
	regpolicy := flag.String("regpolicy", "", "static binary of regpolicy")
	busybox := flag.String("busybox", "", "static binary of busybox")
	flag.Parse()
	if err := run(*dir, programs{*hello, *regpolicy, *busybox}); err != nil {
		log.Fatal(err)
	}
}

func run(dir string, programs programs) error {
	// One store of images, in memory, serves all sites.
	images := registry.New(registry.Logger(log.New(io.Discard, "", 0)))
	store, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	failed := make(chan error, 1)
	serve := func(what string, f func() error) {
		go func() { failed <- fmt.Errorf("serving %s: %w", what, f()) }()
	}
	serve("images", func() error { return http.Serve(store, images) })
	if err := pushImages(store.Addr().String(), programs, dir); err != nil {
		return err
	}
	auth, err := newAuthorities()
	if err != nil {
		return err
	}
	if err := auth.write(dir); err != nil {
		return err
	}
	zoo, err := sites(auth, images)
	if err != nil {
		return err
	}
	more, err := stateSites(auth, images, dir)
	if err != nil {
		return err
	}
	zone := map[string]string{"pushgateway" + domain: "10.99.0.10"} // on the node, not a registry
	for i, s := range append(zoo, more...) {
		if s.address == "" {
			s.address = fmt.Sprint(siteNetwork, 10+i)
		}
		zone[s.name+domain] = s.address
		if err := s.start(dir, serve); err != nil {
			return fmt.Errorf("starting %q: %w", s.name, err)
		}
	}
	packets, err := net.ListenPacket("udp", dnsAddress)
	if err != nil {
		return err
	}
	serve("DNS", func() error { return serveDNS(packets, zone) })
	if err := os.WriteFile(filepath.Join(dir, "ready"), nil, 0o600); err != nil {
		return err
	}
	return <-failed
}
