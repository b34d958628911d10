package source_test

import (
	"archive/tar"
	"bytes"
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/fstest"
	"time"

	"github.com/regpolicy/regpolicy/collectors/source"
)

var nodeFiles = files{
	"nodes/wk-1/etc/hostname":         "wk-1\n",
	"nodes/wk-1/etc/absolute":         "-> /etc/hostname",
	"nodes/wk-1/etc/relative":         "-> ./../etc/hostname",
	"nodes/wk-1/etc/above":            "-> ../../../../../../etc/hostname",
	"nodes/wk-1/etc/other":            "-> ../../wk-2/etc/hostname",
	"nodes/wk-1/etc/loop":             "-> loop",
	"nodes/wk-1/etc/dangling":         "-> none",
	"nodes/wk-1/etc/through-a-file":   "-> hostname/x",
	"nodes/wk-1/lib":                  "-> usr/lib",
	"nodes/wk-1/usr/lib/os-release":   "ID=photon\n",
	"nodes/wk-1/etc/os-release":       "-> ../lib/os-release",
	"nodes/wk-1/etc/chain":            "-> os-release",
	"nodes/wk-1/etc/ssl/certs/a.pem":  "-> /lib/os-release",
	"nodes/wk-2/etc/hostname":         "wk-2\n",
	"nodes/wk-1/var/empty/":           "",
	"nodes/wk-1/etc/folder":           "-> ssl/certs",
	"nodes/wk-1/etc/containerd/large": strings.Repeat("x", 2000),
}

// eachForm opens the folder as it is and packed.
func eachForm(t *testing.T, root string, limits source.Limits, fn func(t *testing.T, in *source.Input)) {
	t.Helper()
	for name, arg := range map[string]string{
		"folder": root, "tar": save(t, "x.tar", packTar(t, root, "")), "zip": save(t, "x.zip", packZip(t, root, "top/")),
	} {
		t.Run(name, func(t *testing.T) {
			in, err := source.Open(t.Context(), []string{arg}, nil, limits)
			if err != nil {
				t.Fatal(err)
			}
			defer in.Close()
			fn(t, in)
		})
	}
}

func TestNodeTreesFollowLinksAsTheNodeWould(t *testing.T) {
	root := nodeFiles.write(t)
	limits := source.DefaultLimits()
	limits.FileBytes = 64 << 10
	eachForm(t, root, limits, func(t *testing.T, in *source.Input) {
		tree := in.Nodes["wk-1"].FS
		for name, want := range map[string]string{
			"etc/hostname": "wk-1\n", "etc/absolute": "wk-1\n", "etc/relative": "wk-1\n", "etc/above": "wk-1\n",
			"lib/os-release": "ID=photon\n", "etc/os-release": "ID=photon\n", "etc/chain": "ID=photon\n",
			"etc/ssl/certs/a.pem": "ID=photon\n", "etc/folder/a.pem": "ID=photon\n",
		} {
			if data, err := fs.ReadFile(tree, name); err != nil || string(data) != want {
				t.Errorf("%s: %q, %v, want %q", name, data, err, want)
			}
		}
		for name, want := range map[string]string{
			"etc/other": "no such file|not exist", "etc/loop": "leads to itself", "etc/dangling": "no such file|not exist",
			"etc/through-a-file": "not exist", "../wk-2/etc/hostname": "invalid", "/etc/hostname": "invalid",
		} {
			_, err := tree.Open(name)
			if err == nil || !matchesOne(err.Error(), want) {
				t.Errorf("%s: err %v, want %q", name, err, want)
			}
		}
		for name, want := range map[string]string{"etc/absolute": "/etc/hostname", "etc/loop": "loop", "etc/dangling": "none", "etc/folder/a.pem": "/lib/os-release"} {
			if target, err := tree.ReadLink(name); err != nil || target != want {
				t.Errorf("ReadLink(%s) = %q, %v, want %q", name, target, err, want)
			}
			if info, err := tree.Lstat(name); err != nil || info.Mode()&fs.ModeSymlink == 0 {
				t.Errorf("Lstat(%s): %v, %v", name, info, err)
			}
		}
		info, err := fs.Stat(tree, "etc/chain")
		if err != nil || !info.Mode().IsRegular() || info.Size() != 10 {
			t.Errorf("Stat: %v, %v", info, err)
		}
	})
}

func matchesOne(s, alternatives string) bool {
	for want := range strings.SplitSeq(alternatives, "|") {
		if strings.Contains(s, want) {
			return true
		}
	}
	return false
}

func TestNodeTreesKeepTheRulesOfFileSystems(t *testing.T) {
	root := files{
		"nodes/wk-1/etc/a":     "a",
		"nodes/wk-1/etc/b":     "-> a",
		"nodes/wk-1/usr/lib/c": "c",
		"nodes/wk-1/var/":      "",
	}.write(t)
	eachForm(t, root, source.DefaultLimits(), func(t *testing.T, in *source.Input) {
		if err := fstest.TestFS(in.Nodes["wk-1"].FS, "etc/a", "etc/b", "usr/lib/c", "var"); err != nil {
			t.Error(err)
		}
	})
}

func TestWhatIsNoFileOfANodeIsNotOpened(t *testing.T) {
	root := nodeFiles.write(t)
	if err := syscall.Mkfifo(filepath.Join(root, "nodes/wk-1/etc/fifo"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("fifo", filepath.Join(root, "nodes/wk-1/etc/to-fifo")); err != nil {
		t.Fatal(err)
	}
	limits := source.DefaultLimits()
	limits.FileBytes = 1000
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	in, err := source.Open(ctx, []string{root}, nil, limits)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	for name, want := range map[string]string{
		"etc/fifo": "a FIFO: not a regular file", "etc/to-fifo": "a FIFO: not a regular file", "etc/containerd/large": "larger than the limit of 1000 bytes",
	} {
		if _, err := in.Nodes["wk-1"].FS.Open(name); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", name, err, want)
		}
	}
}

func TestNodeTreesOfTarsKeepOwnerModeAndTime(t *testing.T) {
	in := open(t, save(t, "x.tar", packTar(t, files{"nodes/wk-1/etc/a": "a"}.write(t), "")))
	info, err := in.Nodes["wk-1"].FS.Lstat("etc/a")
	if err != nil {
		t.Fatal(err)
	}
	header, ok := info.Sys().(*tar.Header)
	if !ok || header.Uid != os.Getuid() || info.Mode() != 0o644 || time.Since(info.ModTime()) > time.Hour {
		t.Errorf("info %v %v, sys %T", info.Mode(), info.ModTime(), info.Sys())
	}
}

func TestNodeTreesMayBeReadSideBySide(t *testing.T) {
	in := open(t, nodeFiles.write(t))
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for _, name := range []string{"etc/chain", "etc/folder/a.pem", "etc/hostname"} {
				if _, err := fs.ReadFile(in.Nodes["wk-1"].FS, name); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
}

func FuzzNodeTreeLinks(f *testing.F) {
	for _, target := range []string{"/etc/hostname", "../../../x", "a/../b", "", ".", "..", "/", "l", "/nodes/wk-2/etc/hostname", "x\x00y", "//etc//hostname/."} {
		f.Add(target, "etc/l")
	}
	f.Fuzz(func(t *testing.T, target, name string) {
		var packed bytes.Buffer
		w := tar.NewWriter(&packed)
		for _, h := range []*tar.Header{
			{Name: "nodes/wk-1/etc/l", Typeflag: tar.TypeSymlink, Linkname: target},
			{Name: "nodes/wk-1/etc/hostname", Typeflag: tar.TypeReg, Size: 4},
			{Name: "nodes/wk-2/etc/hostname", Typeflag: tar.TypeReg, Size: 4},
		} {
			if w.WriteHeader(h) != nil {
				return // a target that tar cannot hold
			}
			if h.Size > 0 {
				_, _ = w.Write([]byte(h.Name[6:10]))
			}
		}
		if w.Close() != nil {
			return
		}
		in, err := source.Open(context.Background(), []string{"-"}, &packed, source.DefaultLimits())
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{"etc/l", "etc/l/hostname", name} {
			data, err := fs.ReadFile(in.Nodes["wk-1"].FS, name)
			if err == nil && string(data) != "wk-1" {
				t.Fatalf("a link to %q gave %q", target, data)
			}
		}
	})
}
