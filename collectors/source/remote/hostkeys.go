package remote

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/skeema/knownhosts"
	"golang.org/x/crypto/ssh"
	xknownhosts "golang.org/x/crypto/ssh/knownhosts"
)

const maxKnownHosts = 16 << 20 // bytes

// hostKeys checks host keys against known_hosts files, read once.
type hostKeys struct {
	policy string
	db     *knownhosts.HostKeyDB
	files  []string // that were read
	record string   // where PolicyAcceptNew appends

	mu       sync.Mutex
	accepted map[string]ssh.PublicKey // in this run, by address as in known_hosts
}

func loadHostKeys(policy string, files []string) (*hostKeys, error) {
	h := &hostKeys{policy: policy, accepted: map[string]ssh.PublicKey{}}
	if policy == PolicyInsecure {
		return h, nil
	}
	if len(files) == 0 {
		return nil, errors.New("checking host keys: no known_hosts file is named; name one with --ssh-known-hosts")
	}
	if policy == PolicyAcceptNew {
		h.record = files[0]
		if err := appendTo(h.record, ""); err != nil {
			return nil, fmt.Errorf("recording new host keys: %w; name a known_hosts file that can be written first, with --ssh-known-hosts", err)
		}
	}
	for _, file := range files {
		ok, err := checkKnownHosts(file)
		if err != nil {
			return nil, err
		}
		if ok {
			h.files = append(h.files, file)
		}
	}
	if len(h.files) == 0 {
		return nil, fmt.Errorf("reading known_hosts file %q: it does not exist, so that no host key can be verified; make it with: ssh-keyscan HOST >> '%s', name another with --ssh-known-hosts, or use --host-key-policy accept-new", files[0], files[0])
	}
	db, err := knownhosts.NewDB(h.files...)
	if err != nil {
		return nil, fmt.Errorf("reading known_hosts files: %s; correct or delete that line", clean(strings.TrimPrefix(err.Error(), "knownhosts: ")))
	}
	h.db = db
	return h, nil
}

// checkKnownHosts tells whether a file is there to be read.
func checkKnownHosts(file string) (bool, error) {
	info, err := os.Stat(file)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return false, nil
	case err != nil:
		return false, fmt.Errorf("reading known_hosts file: %w", err)
	case file == os.DevNull:
		return true, nil
	case !info.Mode().IsRegular():
		return false, fmt.Errorf("reading known_hosts file %q: it is no regular file; name a file with --ssh-known-hosts", file)
	case info.Size() > maxKnownHosts:
		return false, fmt.Errorf("reading known_hosts file %q: it is larger than %d MiB; name another with --ssh-known-hosts", file, maxKnownHosts>>20)
	}
	return true, nil
}

// algorithms orders the host key algorithms for an address: those that its
// entries need first, so that a host with several keys shows one that is
// recorded; the others after them, so that a host without such a key gives
// host_key_changed and no obscure failure of the negotiation (golang/go#29286).
func (h *hostKeys) algorithms(address string) []string {
	all := ssh.SupportedAlgorithms().HostKeys
	if h.db == nil {
		return all
	}
	var certs, plain []string
	for _, algo := range h.db.HostKeyAlgorithms(address) {
		if strings.Contains(algo, "-cert-v01@") {
			certs = append(certs, algo)
		} else {
			plain = append(plain, algo)
		}
	}
	h.mu.Lock()
	if key := h.accepted[knownhosts.Normalize(address)]; key != nil {
		plain = append(plain, algorithmsOf(key)...)
	}
	h.mu.Unlock()
	if len(certs) > 0 {
		// A CA may certify keys of another type than its own.
		for _, algo := range all {
			if strings.Contains(algo, "-cert-v01@") {
				certs = append(certs, algo)
			}
		}
	}
	var ordered []string
	for _, algo := range slices.Concat(certs, plain, all) {
		// all holds no SHA-1 and no DSA.
		if slices.Contains(all, algo) && !slices.Contains(ordered, algo) {
			ordered = append(ordered, algo)
		}
	}
	return ordered
}

func algorithmsOf(key ssh.PublicKey) []string {
	if key.Type() == ssh.KeyAlgoRSA {
		return []string{ssh.KeyAlgoRSASHA512, ssh.KeyAlgoRSASHA256}
	}
	return []string{key.Type()}
}

// check says whether a key is the one recorded for the address ("host:port").
// Without error but unverified, the policy lets it pass. An error is a
// *HostKeyError, or says why a new key could not be recorded.
func (h *hostKeys) check(address string, remote net.Addr, key ssh.PublicKey) (verified bool, err error) {
	if h.policy == PolicyInsecure {
		return false, nil
	}
	check := h.db.HostKeyCallback()
	plain := plainKey(key)
	refusal := &HostKeyError{
		Address: knownhosts.Normalize(address),
		KeyType: plain.Type(), Fingerprint: ssh.FingerprintSHA256(plain),
		Files: h.files,
	}
	if _, ok := key.(*ssh.Certificate); ok {
		err := check(address, remote, key)
		if err == nil {
			return true, nil
		}
		// As OpenSSH does, judge the certified key by itself then.
		refusal.Certificate = clean(strings.TrimPrefix(err.Error(), "ssh: "))
	}
	err = check(address, remote, plain)
	if err == nil {
		return true, nil
	}
	if revoked, ok := errors.AsType[*xknownhosts.RevokedError](err); ok {
		refusal.Revoked = true
		refusal.Known = []KnownKey{known(revoked.Revoked)}
		return false, refusal
	}
	mismatch, ok := errors.AsType[*xknownhosts.KeyError](err)
	if !ok {
		return false, err
	}
	refusal.Known = h.withoutAuthorities(address, mismatch.Want)
	if len(refusal.Known) > 0 || h.policy != PolicyAcceptNew {
		return false, refusal
	}
	return false, h.acceptNew(refusal, plain)
}

// withoutAuthorities leaves @cert-authority lines out: a host that shows a plain
// key where only a CA is recorded is unknown, not changed.
func (h *hostKeys) withoutAuthorities(address string, want []xknownhosts.KnownKey) []KnownKey {
	authorities := map[string]bool{}
	for _, k := range h.db.HostKeys(address) {
		if k.Cert {
			authorities[string(k.Marshal())] = true
		}
	}
	var keys []KnownKey
	for _, k := range want {
		if !authorities[string(k.Key.Marshal())] {
			keys = append(keys, known(k))
		}
	}
	return keys
}

func known(k xknownhosts.KnownKey) KnownKey {
	return KnownKey{File: k.Filename, Line: k.Line, KeyType: k.Key.Type(), Fingerprint: ssh.FingerprintSHA256(k.Key)}
}

// acceptNew records the first key of a host. One lock serves all nodes, so that
// two connections to one host cannot record two keys.
func (h *hostKeys) acceptNew(refusal *HostKeyError, key ssh.PublicKey) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if first := h.accepted[refusal.Address]; first != nil {
		if bytes.Equal(first.Marshal(), key.Marshal()) {
			return nil
		}
		refusal.Known = []KnownKey{{File: h.record, KeyType: first.Type(), Fingerprint: ssh.FingerprintSHA256(first)}}
		return refusal
	}
	if err := appendTo(h.record, knownhosts.Line([]string{refusal.Address}, key)); err != nil {
		return fmt.Errorf("recording a new host key: %w", err)
	}
	h.accepted[refusal.Address] = key
	return nil
}

// appendTo adds a line to a known_hosts file in one write, and makes the file,
// with mode 0600, and its folder where they are absent. An empty line adds
// nothing: it tries whether the file can be written.
func appendTo(file, line string) (err error) {
	_ = os.Mkdir(filepath.Dir(file), 0o700)                               // where it fails, opening the file says why
	f, err := os.OpenFile(file, os.O_APPEND|os.O_CREATE|os.O_RDWR, 0o600) //nolint:gosec // the user or the SSH configuration names it
	if err != nil {
		return err
	}
	defer func() {
		if closeErr := f.Close(); err == nil {
			err = closeErr
		}
	}()
	if line == "" {
		return nil
	}
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if size := info.Size(); size > 0 {
		last := make([]byte, 1)
		if _, err := f.ReadAt(last, size-1); err != nil {
			return err
		}
		if last[0] != '\n' {
			line = "\n" + line
		}
	}
	_, err = f.WriteString(line + "\n")
	return err
}
