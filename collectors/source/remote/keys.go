package remote

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/crypto/ssh"
)

const (
	maxKeyFile = 1 << 20 // bytes
	// maxHeldKey is less: a key in memory may be anybody's, and an RSA key of more
	// bits than this holds takes minutes to check.
	maxHeldKey = 16 << 10
)

// identity is a key that can be offered to a server.
type identity struct {
	key ssh.PublicKey
	// source names it for people: a file, or the agent and the key's comment.
	source string
	// signer makes the signer of one connection. It must not outlive ctx.
	signer func(ctx context.Context) ssh.Signer
}

// keyring holds what a pool can authenticate with.
type keyring struct {
	held     []identity // those of Config.Keys
	explicit []identity
	defaults []identity
	agent    []identity
	// notes say what was passed over and why.
	notes []string

	mu    sync.Mutex
	hints map[string][]identity // IdentityFile, by path
	bad   map[string]string     // IdentityFile that cannot be used, and why
}

// encryptedError says that a key file needs a passphrase.
type encryptedError struct{ public ssh.PublicKey }

func (*encryptedError) Error() string { return "it is encrypted" }

func loadKeys(ctx context.Context, cfg Config, timeout time.Duration) (*keyring, []string, error) {
	k := &keyring{hints: map[string][]identity{}, bad: map[string]string{}}
	var warnings []string
	if cfg.UseAgent && cfg.AgentSocket != "" {
		ids, err := listAgent(ctx, cfg.AgentSocket, timeout)
		if err != nil {
			warnings = append(warnings, err.Error()+"; its keys are not used")
			k.notes = append(k.notes, fmt.Sprintf("the agent at %q does not answer", cfg.AgentSocket))
		}
		k.agent = ids
	}
	for _, key := range cfg.Keys {
		signer, err := parseHeld(key.PEM)
		if err != nil {
			return nil, nil, fmt.Errorf("reading the SSH key of %s: %w", clean(key.Name), err)
		}
		k.held = append(k.held, namedIdentity(signer, clean(key.Name)))
	}
	for _, file := range cfg.KeyFiles {
		ids, err := k.load(file, cfg.Passphrase)
		if err != nil {
			return nil, nil, keyError(file, err)
		}
		k.explicit = append(k.explicit, ids...)
	}
	for _, file := range cfg.DefaultKeyFiles {
		ids, err := k.load(file, nil)
		switch {
		case errors.Is(err, fs.ErrNotExist):
		case err != nil:
			k.notes = append(k.notes, fmt.Sprintf("%q was passed over: %s", file, clean(err.Error())))
		default:
			k.defaults = append(k.defaults, ids...)
		}
	}
	return k, warnings, nil
}

func keyError(file string, err error) error {
	var cure string
	switch {
	case errors.As(err, new(*encryptedError)):
		cure = fmt.Sprintf("; load it into the agent with: ssh-add '%s'", file)
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, fs.ErrPermission):
		cure = "; name a private key that can be read with --ssh-key"
		if inner, ok := errors.AsType[*fs.PathError](err); ok {
			err = inner.Err
		}
	}
	return fmt.Errorf("reading SSH key %q: %w%s", file, err, cure)
}

// identities are the keys for a host, in the order to offer them, and notes on
// those that were passed over. hinted are IdentityFiles of the configuration.
func (k *keyring) identities(hinted []string) ([]identity, []string) {
	notes := append([]string(nil), k.notes...)
	ids := append([]identity(nil), k.explicit...)
	if len(ids) == 0 {
		for _, file := range hinted {
			found, why := k.hinted(file)
			ids = append(ids, found...)
			if why != "" {
				notes = append(notes, why)
			}
		}
		if len(hinted) == 0 {
			ids = append(ids, k.defaults...)
		}
	}
	var once []identity
	seen := map[string]bool{}
	for _, id := range slices.Concat(k.held, ids, k.agent) {
		blob := string(id.key.Marshal())
		if !seen[blob] {
			seen[blob] = true
			once = append(once, id)
		}
	}
	return once, notes
}

// hinted loads an IdentityFile once. Like ssh it passes over those it can't use.
func (k *keyring) hinted(file string) (ids []identity, why string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if ids, ok := k.hints[file]; ok {
		return ids, k.bad[file]
	}
	ids, err := k.load(file, nil)
	if err != nil {
		k.bad[file] = fmt.Sprintf("%q was passed over: %s", file, clean(err.Error()))
	}
	k.hints[file] = ids
	return ids, k.bad[file]
}

// load reads a private key and the certificate beside it, if there is one.
func (k *keyring) load(file string, passphrase func(string) ([]byte, error)) ([]identity, error) {
	data, err := readRegular(file, maxKeyFile)
	if err != nil {
		return nil, err
	}
	signer, err := parseKey(data)
	if encrypted, ok := errors.AsType[*encryptedError](err); ok {
		if id, ok := k.fromAgent(file, encrypted.public); ok {
			return []identity{id}, nil
		}
		if passphrase == nil {
			return nil, err
		}
		signer, err = decryptKey(file, data, passphrase)
	}
	if err != nil {
		return nil, err
	}
	ids := []identity{namedIdentity(signer, strconv.Quote(file))}
	if certified, ok := certify(signer, file+"-cert.pub"); ok {
		ids = append([]identity{namedIdentity(certified, strconv.Quote(file+"-cert.pub"))}, ids...)
	}
	return ids, nil
}

func namedIdentity(signer ssh.Signer, source string) identity {
	return identity{
		key: signer.PublicKey(), source: source,
		signer: func(context.Context) ssh.Signer { return signer },
	}
}

// parseHeld reads a key that lies in no file.
func parseHeld(data []byte) (ssh.Signer, error) {
	if len(data) > maxHeldKey {
		return nil, fmt.Errorf("it is longer than %d bytes", maxHeldKey)
	}
	return parseKey(data)
}

func parseKey(data []byte) (ssh.Signer, error) {
	signer, err := ssh.ParsePrivateKey(data)
	if err == nil {
		return signer, nil
	}
	if missing, ok := errors.AsType[*ssh.PassphraseMissingError](err); ok {
		return nil, &encryptedError{public: missing.PublicKey}
	}
	if bytes.HasPrefix(data, []byte("PuTTY-User-Key-File")) {
		return nil, errors.New("it is a PuTTY key; convert it with: puttygen KEY -O private-openssh -o NEW")
	}
	if _, _, _, _, err := ssh.ParseAuthorizedKey(data); err == nil {
		return nil, errors.New("it is a public key; name the private key, the file without .pub")
	}
	return nil, fmt.Errorf("it is no private key that can be used: %s", strings.TrimPrefix(err.Error(), "ssh: "))
}

func decryptKey(file string, data []byte, passphrase func(string) ([]byte, error)) (ssh.Signer, error) {
	secret, err := passphrase(file)
	if err != nil {
		return nil, fmt.Errorf("asking for its passphrase: %w", err)
	}
	defer clear(secret)
	signer, err := ssh.ParsePrivateKeyWithPassphrase(data, secret)
	if err != nil {
		return nil, errors.New("the passphrase does not open it")
	}
	return signer, nil
}

// fromAgent finds an encrypted key in the agent, by the public half in the key
// file itself or in the file beside it.
func (k *keyring) fromAgent(file string, public ssh.PublicKey) (identity, bool) {
	if public == nil {
		data, err := readRegular(file+".pub", maxKeyFile)
		if err != nil {
			return identity{}, false
		}
		if public, _, _, _, err = ssh.ParseAuthorizedKey(data); err != nil {
			return identity{}, false
		}
	}
	for _, id := range k.agent {
		if bytes.Equal(id.key.Marshal(), public.Marshal()) {
			id.source = fmt.Sprintf("%q, by the agent", file)
			return id, true
		}
	}
	return identity{}, false
}

func certify(signer ssh.Signer, file string) (ssh.Signer, bool) {
	data, err := readRegular(file, maxKeyFile)
	if err != nil {
		return nil, false
	}
	public, _, _, _, err := ssh.ParseAuthorizedKey(data)
	if err != nil {
		return nil, false
	}
	cert, ok := public.(*ssh.Certificate)
	if !ok {
		return nil, false
	}
	certified, err := ssh.NewCertSigner(cert, signer)
	return certified, err == nil
}

// readRegular reads a regular file of at most limit bytes. A pipe could keep the
// reader waiting for ever.
func readRegular(file string, limit int64) ([]byte, error) {
	info, err := os.Stat(file)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, errors.New("it is no regular file")
	}
	f, err := os.Open(file) //nolint:gosec // the user or the SSH configuration names it
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err != nil {
		return nil, err
	}
	if int64(len(data)) > limit {
		return nil, fmt.Errorf("it is larger than %d bytes", limit)
	}
	return data, nil
}
