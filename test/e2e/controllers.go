package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"path/filepath"
	"time"
)

// startControllers starts what makes pods of DaemonSets and Jobs, gives namespaces
// their service account, and finds pods a node.
func (l *lab) startControllers() error {
	kubeconfig := "--kubeconfig=" + filepath.Join(clusterDir, "admin.conf")
	_, err := l.start("controller-manager", filepath.Join(l.bin, "kube"), "controller-manager", kubeconfig,
		"--service-account-private-key-file="+filepath.Join(clusterDir, "tokens.key"), "--root-ca-file="+filepath.Join(clusterDir, "ca.crt"),
		"--leader-elect=false", "--bind-address=127.0.0.1",
		"--node-monitor-grace-period=1h") // of some nodes there is an object and no more
	if err != nil {
		return err
	}
	_, err = l.start("scheduler", filepath.Join(l.bin, "kube"), "scheduler", kubeconfig, "--leader-elect=false", "--bind-address=127.0.0.1")
	return err
}

// serveAPIToPods is the service "kubernetes" without kube-proxy, which would want
// iptables: it passes connections on to the API server.
func serveAPIToPods() error {
	const service, server = "10.96.0.1:443", "127.0.0.1:6443"
	listener, err := net.Listen("tcp", service)
	if err != nil {
		return fmt.Errorf("serving the API server to pods: %w", err)
	}
	go func() {
		for {
			pod, err := listener.Accept()
			if err != nil {
				return // with the process
			}
			go passOn(pod, server)
		}
	}()
	return nil
}

// passOn ends with the first of the two ends that closes.
func passOn(from net.Conn, address string) {
	defer from.Close()
	to, err := net.DialTimeout("tcp", address, 5*time.Second)
	if err != nil {
		return
	}
	defer to.Close()
	done := make(chan struct{}, 2)
	for _, pair := range [][2]net.Conn{{from, to}, {to, from}} {
		go func() {
			_, _ = io.Copy(pair[0], pair[1]) // how it ended is for the two ends to say
			done <- struct{}{}
		}()
	}
	<-done
}

// newNamespace makes a namespace in which pods can be made.
func (l *lab) newNamespace(ctx context.Context, name string, labels object) error {
	err := l.admin.post(ctx, "/api/v1/namespaces", object{"apiVersion": "v1", "kind": "Namespace", "metadata": object{"name": name, "labels": labels}}, nil)
	if err != nil {
		return err
	}
	return l.awaitNamespace(ctx, name)
}

// awaitNamespace waits for what the controller manager puts into every namespace
// and pods cannot start without.
func (l *lab) awaitNamespace(ctx context.Context, name string) error {
	return await(ctx, time.Minute, fmt.Sprintf("the namespace %q", name), func(ctx context.Context) error {
		in := "/api/v1/namespaces/" + name
		return errors.Join(l.admin.get(ctx, in+"/serviceaccounts/default", nil), l.admin.get(ctx, in+"/configmaps/kube-root-ca.crt", nil))
	})
}
