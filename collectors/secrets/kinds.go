package secrets

import "strings"

const (
	groupTanzu     = "run.tanzu.vmware.com"
	groupCluster   = "cluster.x-k8s.io"
	groupOpenShift = "config.openshift.io"

	kindService    = "TkgServiceConfiguration"
	kindTKC        = "TanzuKubernetesCluster"
	kindKappConfig = "KappControllerConfig"
	kindCluster    = "Cluster"
	kindMachine    = "Machine"
	kindSecret     = "Secret"
	kindConfigMap  = "ConfigMap"
	kindImage      = "Image"

	kappConfigName = "kapp-controller-config"

	fetcherNamespace = "kube-system"
	fetcherName      = "image-fetcher-ca-bundle"
	fetcherKey       = "ca-bundle"

	openShiftNamespace = "openshift-config"
)

// GVR names a resource of an API, as the dynamic client wants it.
type GVR struct {
	Group    string
	Version  string
	Resource string
}

// Kinds tells whether an object bears trust configuration, is a machine or is a
// secret, so that it belongs among the objects given to Collect.
func Kinds(apiVersion, kind, namespace, name string) bool {
	group, _ := splitAPIVersion(apiVersion)
	switch group {
	case groupTanzu:
		return kind == kindService || kind == kindTKC || kind == kindKappConfig
	case groupCluster:
		return kind == kindCluster || kind == kindMachine
	case groupOpenShift:
		return kind == kindImage && name == "cluster"
	case "":
		return kind == kindSecret || kind == kindConfigMap && trustConfigMap(namespace, name)
	default:
		return false
	}
}

func trustConfigMap(namespace, name string) bool {
	return name == kappConfigName || namespace == openShiftNamespace ||
		namespace == fetcherNamespace && name == fetcherName
}

// LiveKinds lists what to list from a live Supervisor or cluster: TKG's kinds
// and Cluster API's, never secrets. Where a resource stands there in several
// versions they are in order of preference: list the first one that is served.
func LiveKinds() []GVR {
	return []GVR{
		{groupTanzu, "v1alpha3", "tkgserviceconfigurations"},
		{groupTanzu, "v1alpha2", "tkgserviceconfigurations"},
		{groupTanzu, "v1alpha1", "tkgserviceconfigurations"},
		{groupTanzu, "v1alpha3", "tanzukubernetesclusters"},
		{groupTanzu, "v1alpha2", "tanzukubernetesclusters"},
		{groupTanzu, "v1alpha1", "tanzukubernetesclusters"},
		{groupTanzu, "v1alpha3", "kappcontrollerconfigs"},
		{groupCluster, "v1beta2", "clusters"},
		{groupCluster, "v1beta1", "clusters"},
		{groupCluster, "v1beta2", "machines"},
		{groupCluster, "v1beta1", "machines"},
	}
}

// clusterOfKapp is the cluster a KappControllerConfig is for:
// "<CLUSTER>-kapp-controller-package".
func clusterOfKapp(name string) (string, bool) {
	return strings.CutSuffix(name, "-kapp-controller-package")
}

const userTrustSuffix = "-user-trusted-ca-secret"
