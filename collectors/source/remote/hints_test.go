package remote

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestSplitAddress(t *testing.T) {
	tests := []struct {
		address, host string
		port          int
	}{
		{"wk-1", "wk-1", 0},
		{"wk-1:2222", "wk-1", 2222},
		{"10.0.0.5", "10.0.0.5", 0},
		{"10.0.0.5:22", "10.0.0.5", 22},
		{"fd00::5", "fd00::5", 0},
		{"[fd00::5]", "fd00::5", 0},
		{"[fd00::5]:2222", "fd00::5", 2222},
		{"fe80::1%eth0", "fe80::1%eth0", 0},
		{"node_1.corp.example", "node_1.corp.example", 0},
	}
	for _, tt := range tests {
		host, port, err := splitAddress(tt.address)
		if err != nil || host != tt.host || port != tt.port {
			t.Errorf("%q: %q %d %v", tt.address, host, port, err)
		}
	}
}

func TestParseJump(t *testing.T) {
	got, err := parseJump("admin@10.0.0.1:2222, b@dom@[fd00::1],c")
	want := []hop{{"admin", "10.0.0.1", 2222}, {"b@dom", "fd00::1", 0}, {"", "c", 0}}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(hop{})); diff != "" || err != nil {
		t.Errorf("%v %s", err, diff)
	}
	for _, none := range []string{"", "none", "None"} {
		if got, err := parseJump(none); got != nil || err != nil {
			t.Errorf("%q: %v %v", none, got, err)
		}
	}
	if _, err := parseJump(strings.Repeat("a,", 20) + "a"); err == nil {
		t.Error("a long chain is no error")
	}
}

func TestRoutes(t *testing.T) {
	const hints = `
Host wk-*
  HostName %h.corp.example
  User hinted
  Port 2022
  ProxyJump bastion
Host bastion
  User jumper
  ProxyJump outer:2200
Host outer
  ProxyJump none
Host ring-a
  ProxyJump ring-b
Host ring-b
  ProxyJump ring-a
Host *
  ProxyJump default
  User everybody
`
	tests := []struct {
		name, address string
		cfg           Config
		want          string
	}{
		{"everything hinted", "wk-1", Config{}, "everybody@outer:2200,jumper@bastion:22 | hinted@wk-1.corp.example:2022"},
		{"own settings win", "wk-1:1", Config{User: "me", Port: 5, Jump: "x"}, "everybody@default:22,everybody@x:22 | me@wk-1.corp.example:1"},
		{"own port", "wk-1", Config{Port: 5, Jump: "none"}, "| hinted@wk-1.corp.example:5"},
		{"own jump host with user and port", "wk-1", Config{Jump: "u@x:7"}, "everybody@default:22,u@x:7 | hinted@wk-1.corp.example:2022"},
		{"own jump host that is behind another", "10.0.0.5", Config{Jump: "bastion"}, "everybody@outer:2200,jumper@bastion:22 | everybody@10.0.0.5:22"},
		{"a rule for all hosts, jump host included", "10.0.0.5", Config{}, "everybody@default:22 | everybody@10.0.0.5:22"},
		{"the jump host itself", "default", Config{}, "everybody@default:22 | everybody@default:22"},
		{"hosts that jump to one another", "ring-a", Config{}, "everybody@ring-b:22 | everybody@ring-a:22"},
	}
	file := filepath.Join(t.TempDir(), "config")
	if err := os.WriteFile(file, []byte(hints), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			loaded, warnings := loadSSHConfig(file, "")
			if len(warnings) > 0 {
				t.Fatal(warnings)
			}
			jumps, err := parseJump(tt.cfg.Jump)
			if err != nil {
				t.Fatal(err)
			}
			r := &router{cfg: tt.cfg, jumps: jumps, hints: loaded}
			got, err := r.route(tt.address)
			if err != nil {
				t.Fatal(err)
			}
			if text := strings.TrimSpace(jumpText(got.jumps) + " | " + got.target.String()); text != tt.want {
				t.Errorf("got  %s\nwant %s", text, tt.want)
			}
		})
	}
}

func TestUsersWithoutHints(t *testing.T) {
	r := &router{cfg: Config{User: "own", DefaultUser: "default"}, jumps: []hop{{host: "jump"}}, hints: &sshConfig{}}
	r.cfg.Jump = "jump"
	got, err := r.route("node")
	if err != nil || jumpText(got.jumps) != "own@jump:22" || got.target.String() != "own@node:22" {
		t.Errorf("%v %v", got, err)
	}
	r.cfg.User = ""
	if got, err = r.route("node"); err != nil || got.target.user != "default" {
		t.Errorf("%v %v", got, err)
	}
}

func TestSSHConfigForms(t *testing.T) {
	home := t.TempDir()
	put := func(name, text string) string {
		t.Helper()
		path := filepath.Join(home, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	put(".ssh/a.conf", "User from-a\nHost inner\n  Port 7\n")
	put("abs.conf", "IdentityFile /abs/key\n")
	put(".ssh/loop.conf", "Include loop.conf\nUser looped\n")
	put(".ssh/wild", "Host \"w 1\" w2\tw3 # comment\nUser wild\n")
	tests := []struct {
		name, text, host string
		want             hostHint
		warning          string
	}{
		{"first value wins", "User one\nUser two\n", "h", hostHint{user: "one"}, ""},
		{"equals signs, quotes, case and comments", "uSeR=one # me\nHostName = \"10.0.0.9\"\nPORT  \t 7\r\n", "h", hostHint{user: "one", hostName: "10.0.0.9", port: 7}, ""},
		{"negated patterns", "Host * !h\n User no\nHost *\n User yes\n", "h", hostHint{user: "yes"}, ""},
		{"unknown and malformed lines", "Foo bar\nUser\n\x00\xff junk\n=\nUser ok\n", "h", hostHint{user: "ok"}, ""},
		{"Match all", "Match all\n User m\n", "h", hostHint{user: "m"}, ""},
		{"Match host with a list", "Match host x,h\n User m\n", "h", hostHint{user: "m"}, ""},
		{"Match with conditions is passed over", "Match host h exec true\n User no\nHost *\n User yes\n", "h", hostHint{user: "yes"}, "1 Match blocks"},
		{"Match exec alone is passed over", "Match exec \"rm -rf /\"\n User no\nHost *\n User yes\n", "h", hostHint{user: "yes"}, "1 Match blocks"},
		{"Include relative to the file", "Include a.conf\n", "h", hostHint{user: "from-a"}, ""},
		{"Include below a host", "Host inner\n Include a.conf\n User later\n", "inner", hostHint{user: "from-a", port: 7}, ""},
		{"Include below another host", "Host other\n Include a.conf\nHost *\n User later\n", "inner", hostHint{user: "later"}, ""},
		{"Include in the home folder", "Include ~/abs.conf ~/none.conf\n", "h", hostHint{identityFiles: []string{"/abs/key"}}, ""},
		{"Include that includes itself", "Include loop.conf\n", "h", hostHint{user: "looped"}, "nested too deep"},
		{"Include of a folder", "Include ../.ssh\n", "h", hostHint{}, "no regular file"},
		{"patterns with tabs and quotes", "Include wild\n", "w3", hostHint{user: "wild"}, ""},
		{"ProxyCommand is noticed", "ProxyCommand nc %h %p\n", "h", hostHint{proxyCommand: true}, ""},
		{"ProxyCommand none is none", "ProxyCommand none\n", "h", hostHint{}, ""},
		{"port that is none", "Port ssh\n", "h", hostHint{}, ""},
		{"several keys", "IdentityFile ~/.ssh/a\nIdentityFile ~/.ssh/b\n", "h", hostHint{identityFiles: []string{"~/.ssh/a", "~/.ssh/b"}}, ""},
		{"long lines are passed over", "User " + strings.Repeat("x", 10000) + "\nUser ok\n", "h", hostHint{user: "ok"}, ""},
	}
	for i, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			cfg, warnings := loadSSHConfig(put(fmt.Sprintf(".ssh/config%d", i), tt.text), home)
			if diff := cmp.Diff(tt.want, cfg.forHost(tt.host), cmp.AllowUnexported(hostHint{})); diff != "" {
				t.Error(diff)
			}
			if text := strings.Join(warnings, "\n"); (text == "") != (tt.warning == "") || !strings.Contains(text, tt.warning) {
				t.Errorf("warnings %q, want %q", text, tt.warning)
			}
		})
	}
	t.Run("an absent file is none", func(t *testing.T) {
		cfg, warnings := loadSSHConfig(filepath.Join(home, "absent"), home)
		if diff := cmp.Diff(hostHint{}, cfg.forHost("h"), cmp.AllowUnexported(hostHint{})); diff != "" || len(warnings) > 0 {
			t.Error(diff, warnings)
		}
	})
}

func TestIdentityFilePaths(t *testing.T) {
	h := hostHint{identityFiles: []string{"~/.ssh/a", "%d/.ssh/%r@%h", "/abs/50%%", "relative", "~other/key", "none", "/tok/%C"}}
	want := []string{"/home/u/.ssh/a", "/home/u/.ssh/me@wk-1", "/abs/50%"}
	if diff := cmp.Diff(want, h.keyFiles("/home/u", "wk-1", "me")); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"/abs/50%"}, h.keyFiles("", "wk-1", "me")); diff != "" {
		t.Errorf("without a home folder: %s", diff)
	}
}
