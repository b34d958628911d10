package kube

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"slices"
	"strings"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"github.com/regpolicy/regpolicy/collectors/source/namedfile"
)

// maxKubeconfig is more than any kubeconfig, in bytes.
const maxKubeconfig = 16 << 20

// LoadError says why a kubeconfig gives no cluster: one line, and what to do
// about it. Neither quotes the file.
type LoadError struct {
	Err  error
	Hint string
}

func (e *LoadError) Error() string { return "loading kubeconfig: " + e.Err.Error() }
func (e *LoadError) Unwrap() error { return e.Err }

// Load reads the kubeconfig that kubectl would read, or the pod's own service
// account where there is none. namespace is the context's, "default" where it
// names none; contextName is empty for the service account. Every error is a
// *LoadError. Nothing is printed, and no file is written.
func Load(rules *clientcmd.ClientConfigLoadingRules, overrides *clientcmd.ConfigOverrides) (cfg *rest.Config, namespace, contextName string, err error) {
	own := *rules
	own.MigrationRules = nil // would copy a file of old kubectl to a new place
	own.WarnIfAllMissing = false
	if overrides == nil {
		overrides = &clientcmd.ConfigOverrides{}
	}
	if err := checkFiles(&own); err != nil {
		return nil, "", "", err
	}
	client := clientcmd.NewNonInteractiveDeferredLoadingClientConfig(&own, overrides)
	raw, err := client.RawConfig()
	if err != nil {
		text := unquoted(err)
		return nil, "", "", cmp.Or(otherForm(text.Error()), error(&LoadError{text, "check the file with: kubectl config view"}))
	}
	contextName = cmp.Or(overrides.CurrentContext, raw.CurrentContext)
	if err := checkContext(raw, contextName, overrides); err != nil {
		return nil, "", "", err
	}
	cfg, err = client.ClientConfig()
	if err != nil {
		return nil, "", "", configError(&own, raw, err)
	}
	if err := checkCredentials(cfg); err != nil {
		return nil, "", "", err
	}
	namespace, _, err = client.Namespace()
	if err != nil {
		return nil, "", "", &LoadError{unquoted(err), "check the file with: kubectl config view"}
	}
	return cfg, namespace, contextName, nil
}

func checkFiles(rules *clientcmd.ClientConfigLoadingRules) error {
	for _, name := range rules.GetLoadingPrecedence() {
		info, err := os.Stat(name)
		switch {
		case name == "":
		case errors.Is(err, fs.ErrNotExist) && rules.ExplicitPath == "":
		case err != nil:
			return &LoadError{err, "name a kubeconfig that exists and can be read"}
		case info.IsDir():
			return &LoadError{fmt.Errorf("%q is a directory", name), "name the file in it"}
		case namedfile.MayNotEnd(name, info.Mode()):
			return &LoadError{fmt.Errorf("%q is a pipe, a device or a socket, and no file", name), "name a file"}
		case info.Size() > maxKubeconfig:
			return &LoadError{fmt.Errorf("%q has %d bytes, which no kubeconfig has", name, info.Size()), "name the right file"}
		}
	}
	return nil
}

// checkContext finds what client-go calls an empty configuration and would
// replace by the pod's service account or by no credentials.
func checkContext(raw clientcmdapi.Config, name string, overrides *clientcmd.ConfigOverrides) error {
	if name == "" {
		return nil
	}
	hint := contextHint(raw.Contexts)
	chosen, ok := raw.Contexts[name]
	if !ok {
		return &LoadError{fmt.Errorf("context %q is not in it", name), hint}
	}
	if overrides.ClusterInfo.Server == "" {
		cluster := cmp.Or(overrides.Context.Cluster, chosen.Cluster)
		known, ok := raw.Clusters[cluster]
		if !ok {
			return &LoadError{fmt.Errorf("cluster %q of context %q is not in it", cluster, name), hint}
		}
		if known.Server == "" {
			return &LoadError{fmt.Errorf("cluster %q of context %q has no server", cluster, name), hint}
		}
	}
	given := overrides.AuthInfo
	user := cmp.Or(overrides.Context.AuthInfo, chosen.AuthInfo)
	if _, ok := raw.AuthInfos[user]; !ok && user != "" && given.Token == "" && given.Username == "" && given.ClientCertificate == "" {
		return &LoadError{fmt.Errorf("user %q of context %q is not in it", user, name), hint}
	}
	return nil
}

func configError(rules *clientcmd.ClientConfigLoadingRules, raw clientcmdapi.Config, err error) error {
	switch {
	case !clientcmd.IsEmptyConfig(err):
		return &LoadError{unquoted(err), "check the context with: kubectl config view --minify"}
	case len(raw.Contexts) > 0:
		return &LoadError{errors.New("it has no current context"), contextHint(raw.Contexts)}
	default:
		return &LoadError{
			fmt.Errorf("no cluster in %s, and this is not a pod", strings.Join(rules.GetLoadingPrecedence(), ", ")),
			"name one with --kubeconfig or KUBECONFIG, or name files to read in place of a cluster",
		}
	}
}

func checkCredentials(cfg *rest.Config) error {
	if cfg.AuthProvider != nil {
		return &LoadError{
			fmt.Errorf("its auth provider %q is not supported", cfg.AuthProvider.Name),
			"use a credential plugin (users[].user.exec) or a token",
		}
	}
	if cfg.ExecProvider == nil {
		return nil
	}
	if _, err := exec.LookPath(cfg.ExecProvider.Command); err != nil {
		return &LoadError{
			fmt.Errorf("its credential plugin cannot be run: %w", err),
			cmp.Or(oneLine(cfg.ExecProvider.InstallHint), "install it, or use a context with another user"),
		}
	}
	return nil
}

func contextHint(contexts map[string]*clientcmdapi.Context) string {
	names := slices.Sorted(maps.Keys(contexts))
	if len(names) == 0 {
		return "the file has no contexts"
	}
	more := ""
	if len(names) > 10 {
		names, more = names[:10], ", ..."
	}
	return "choose one with --context: " + oneLine(strings.Join(names, ", ")) + more
}

// unquoted cuts what client-go quotes of a file it could not decode, which may
// hold tokens.
func unquoted(err error) error {
	text, _, _ := strings.Cut(err.Error(), " is missing in '")
	text, _, _ = strings.Cut(text, " in scheme \"") // and a line of client-go's source
	return errors.New(oneLine(text))
}
