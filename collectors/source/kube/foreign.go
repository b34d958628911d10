package kube

import (
	"cmp"
	"errors"
	"fmt"
	"strings"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
)

// maxForeign is the largest kubeconfig that ConnectForeign reads, in bytes: no
// Secret holds more.
const maxForeign = 1 << 20

// ConnectForeign prepares a connection by a kubeconfig that somebody else wrote,
// as one in a Secret. It may say where to go and as whom, and nothing else: one
// that would run a program, read a file of this machine or leave the server
// unverified is refused. Errors have a Reason and quote nothing of the kubeconfig
// but names.
func ConnectForeign(kubeconfig []byte, opt Options) (*Cluster, error) {
	cfg, err := foreign(kubeconfig)
	if err != nil {
		return nil, err
	}
	c, err := Connect(cfg, opt)
	if err != nil {
		return nil, &failure{reason: "parse_error", err: scrubbed(err)}
	}
	return c, nil
}

func foreign(kubeconfig []byte) (*rest.Config, error) {
	if len(kubeconfig) > maxForeign {
		return nil, &failure{reason: "truncated", err: fmt.Errorf("the kubeconfig is longer than %d bytes", maxForeign)}
	}
	if len(strings.TrimSpace(string(kubeconfig))) == 0 {
		return nil, unusable("the kubeconfig is empty")
	}
	raw, err := clientcmd.Load(kubeconfig)
	if err != nil {
		return nil, unusable("it is no kubeconfig") // the error quotes the text
	}
	chosen, err := onlyContext(raw)
	if err != nil {
		return nil, err
	}
	cluster, user := raw.Clusters[chosen.Cluster], raw.AuthInfos[chosen.AuthInfo]
	if cluster == nil {
		return nil, unusable("the kubeconfig's context names a cluster that is not in it")
	}
	if user == nil {
		return nil, unusable("the kubeconfig's context names a user that is not in it")
	}
	if err := cmp.Or(refuseCluster(cluster), refuseUser(user)); err != nil {
		return nil, err
	}
	// Of all that may stand in the file only these two are looked at.
	const name = "foreign"
	own := clientcmdapi.NewConfig()
	own.Clusters[name], own.AuthInfos[name], own.CurrentContext = cluster, user, name
	own.Contexts[name] = &clientcmdapi.Context{Cluster: name, AuthInfo: name}
	cfg, err := clientcmd.NewDefaultClientConfig(*own, &clientcmd.ConfigOverrides{}).ClientConfig()
	if err != nil {
		return nil, unusable("the kubeconfig's cluster or user cannot be used")
	}
	return cfg, nil
}

// onlyContext is the current context, or the only one.
func onlyContext(raw *clientcmdapi.Config) (*clientcmdapi.Context, error) {
	if raw.CurrentContext == "" && len(raw.Contexts) == 1 {
		for _, c := range raw.Contexts {
			return c, nil
		}
	}
	if c := raw.Contexts[raw.CurrentContext]; c != nil {
		return c, nil
	}
	return nil, unusable("the kubeconfig has no current context")
}

func refuseCluster(c *clientcmdapi.Cluster) error {
	switch {
	case c.CertificateAuthority != "":
		return refused("certificate-authority names a file; only certificate-authority-data is taken")
	case c.InsecureSkipTLSVerify:
		return refused("insecure-skip-tls-verify would leave the API server unverified")
	case c.ProxyURL != "":
		return refused("proxy-url would send the requests through a proxy of its choice")
	case !strings.HasPrefix(c.Server, "https://"):
		return refused("its server is no https:// URL")
	default:
		return nil
	}
}

func refuseUser(u *clientcmdapi.AuthInfo) error {
	switch {
	case u.Exec != nil:
		return refused("it wants to run a credential plugin (exec)")
	case u.AuthProvider != nil:
		return refused("it wants an auth-provider")
	case u.TokenFile != "":
		return refused("tokenFile names a file; only token is taken")
	case u.ClientCertificate != "":
		return refused("client-certificate names a file; only client-certificate-data is taken")
	case u.ClientKey != "":
		return refused("client-key names a file; only client-key-data is taken")
	default:
		return nil
	}
}

func unusable(text string) error { return &failure{reason: "parse_error", err: errors.New(text)} }

// refused is for a kubeconfig that may be right for its owner, and may not be used
// by anyone else.
func refused(text string) error {
	return &failure{reason: "auth_failed", err: errors.New("the kubeconfig is not used: " + text)}
}
