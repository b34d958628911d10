package main

// statesTable is every broken state, in the order in which they are gone through.
// What restarts the runtime comes first.
func statesTable() []state {
	return []state{
		{
			name: "ca-missing", broken: "no node has the registry's CA",
			fails: []string{"RT-EVT-001 pod", "RT-EVT-002 pod", "RT-TLS-002 registry ca-missing", "RT-TLS-003 endpoint ca-missing from collector", "RT-TLS-003 endpoint ca-missing from node"},
			leads: "RT-TLS-003", repair: installation,
		},
		{
			name: "ca-wrong", broken: "the registry's file on the node holds another CA",
			fails: []string{"RT-EVT-001 pod", "RT-EVT-002 pod", "RT-TLS-002 registry ca-wrong", "RT-TLS-003 endpoint ca-wrong from collector", "RT-TLS-003 endpoint ca-wrong from node"},
			leads: "RT-TLS-003", repair: installation,
		},
		{
			name: "ca-rekeyed", broken: "the node has the CA with its former key",
			fails: []string{"RT-EVT-001 pod", "RT-EVT-003 pod", "RT-TLS-002 registry ca-rekeyed"},
			leads: "RT-TLS-002", repair: installation,
		},
		{
			name: "ca-base64", broken: "the file on the node is base64 text", breaks: []action{encodedFile, restartRuntime},
			fails: []string{"RT-EVT-001 pod", "RT-EVT-002 pod", "RT-NOD-002 /usr/local/share/ca-certificates/ca-base64.crt", "RT-NOD-003 /usr/local/share/ca-certificates/ca-base64.crt", "RT-TLS-002 registry ca-base64"},
			leads: "RT-NOD-003",
			repair: []step{
				{"Decode {file} on worker-a once for each layer (`base64 -d`)", decodeFile},
				{"run `update-ca-certificates`", updateTrust},
				{"restart the container runtime (`systemctl restart containerd`)", restartRuntime},
			},
		},
		{
			name: "secret-once", broken: "the CA is encoded once in TKG's trust secret", breaks: []action{configureOnce, rollNode}, source: manifestsDir,
			fails: []string{
				"RT-CFG-001 trust_entry secret-once", "RT-EVT-001 pod", "RT-EVT-002 pod", "RT-NOD-002 /etc/ssl/certs/tkg-secret-once.pem",
				"RT-NOD-003 /etc/ssl/certs/tkg-secret-once.pem", "RT-TLS-002 registry secret-once", "RT-XEV-001 node worker-a",
			},
			leads: "RT-CFG-001",
			repair: []step{
				{"put the value, encoded twice, under a new key", encodeAgain},
				{"name \"secret-once-2\" instead of \"secret-once\"", nameNewKey},
				{"so that the nodes roll", rollNode},
				{`patch secret e2e-user-trusted-ca-secret --type json -p '[{"op":"remove","path":"/data/secret-once"}]'`, dropOldKey},
			},
		},
		{
			name: "ca-expired", broken: "the registry's CA has expired on the node", breaks: []action{expiredFile, restartRuntime},
			fails: []string{"RT-EVT-001 pod", "RT-EVT-004 pod", "RT-NOD-005 certificate", "RT-TLS-002 registry ca-expired"},
			leads: "RT-NOD-005",
			repair: []step{
				{"Replace {file} on worker-a by the present certificate of \"Corp Example Yearly CA\" as PEM", renewFile},
				{"run `update-ca-certificates`", updateTrust},
				{"restart the container runtime (`systemctl restart containerd`)", restartRuntime},
			},
		},
		{
			name: "token-ca", broken: "the token service has another CA",
			fails: []string{"RT-EVT-001 pod", "RT-EVT-002 pod", "RT-TLS-002 registry token-ca-auth", "RT-TLS-003 endpoint token-ca-auth from collector", "RT-TLS-003 endpoint token-ca-auth from node", "RT-TLS-019 registry token-ca"},
			leads: "RT-TLS-003", repair: installation,
		},
		{
			name: "blob-ca", broken: "the store of the layers has another CA", image: "blob-ca.corp.example/apps/stored:1.0",
			fails: []string{"RT-EVT-001 pod", "RT-EVT-002 pod"},
			leads: "RT-EVT-002", repair: installation,
		},
		{
			name: "mirror-ca", broken: "the mirror that hosts.toml names has another CA", breaks: []action{nameMirror},
			fails: []string{"RT-EVT-001 pod", "RT-EVT-002 pod"},
			leads: "RT-EVT-002", repair: installation,
		},
		{
			name: "runtime-older", broken: "the CA came after the runtime's start", breaks: []action{outliveTolerance, installCA, updateTrust},
			fails:  []string{"RT-EVT-001 pod", "RT-EVT-002 pod", "RT-NOD-007 node worker-a", "RT-XEV-007 pod"},
			leads:  "RT-NOD-007",
			after:  "RT-XEV-007 skip",
			repair: []step{{"Restart the container runtime on the node (`systemctl restart containerd`", restartRuntime}},
		},
		{
			name: "proxied", broken: "a proxy answers in the registry's name", breaks: []action{setProxy, restartRuntime},
			fails: []string{"RT-EVT-001 pod", "RT-EVT-002 pod", "RT-TLS-002 registry proxied", "RT-TLS-003 endpoint proxied from node", "RT-TLS-020 endpoint proxied", "RT-XEV-008 endpoint proxied from node", "RT-XEV-014 endpoint proxied from node"},
			leads: "RT-XEV-014", after: "RT-XEV-014 skip",
			repair: []step{
				{"Add {host} to NO_PROXY where the container runtime of worker-a gets its proxy from (a drop-in below /etc/systemd/system/containerd.service.d)", exemptFromProxy},
				{"`systemctl restart containerd`", restartRuntime},
			},
		},
		{
			name: "hosts-file", broken: "hosts.toml names a CA file that is not there", breaks: []action{nameMissingFile},
			fails:  []string{"RT-EVT-001 pod", "RT-NOD-018 /etc/containerd/certs.d/hosts-file.corp.example/ca.crt", "RT-TLS-002 registry hosts-file", "RT-TLS-003 endpoint hosts-file from collector", "RT-TLS-003 endpoint hosts-file from node"},
			leads:  "RT-NOD-018",
			repair: []step{{"Put the CA of {host} as PEM at /etc/containerd/certs.d/{host}/ca.crt on worker-a", putMissingFile}},
		},
		{
			name: "intermediate-missing", broken: "the registry sends its own certificate alone",
			fails:  []string{"RT-EVT-001 pod", "RT-EVT-002 pod", "RT-TLS-002 registry intermediate-missing", "RT-TLS-003 endpoint intermediate-missing from collector", "RT-TLS-003 endpoint intermediate-missing from node"},
			leads:  "RT-TLS-003",
			repair: []step{{"let the registry serve it behind its own certificate", repairRegistry}},
		},
		{
			name: "certificate-expired", broken: "the registry's certificate has expired",
			fails:  []string{"RT-EVT-001 pod", "RT-EVT-004 pod", "RT-TLS-002 registry certificate-expired", "RT-TLS-006 registry certificate-expired"},
			leads:  "RT-TLS-006",
			repair: []step{{"Renew the registry's certificate and let the registry serve it", repairRegistry}},
		},
		{
			name: "certificate-early", broken: "the registry's certificate is not valid yet",
			fails:  []string{"RT-EVT-001 pod", "RT-EVT-004 pod", "RT-TLS-002 registry certificate-early", "RT-TLS-007 registry certificate-early"},
			leads:  "RT-TLS-007",
			repair: []step{{"serve the previous certificate until this one begins", repairRegistry}},
		},
		{
			name: "name-other", broken: "the registry's certificate is for another name",
			fails:  []string{"RT-EVT-001 pod", "RT-EVT-005 pod", "RT-TLS-004 registry name-other"},
			leads:  "RT-TLS-004",
			repair: []step{{"Re-issue the certificate with the host of the image references among its subject alternative names", repairRegistry}},
		},
		{
			name: "name-in-cn", broken: "the registry's certificate has its name in the CN alone",
			fails:  []string{"RT-EVT-001 pod", "RT-EVT-005 pod", "RT-TLS-004 registry name-in-cn", "RT-TLS-005 registry name-in-cn"},
			leads:  "RT-TLS-005",
			repair: []step{{"Re-issue the certificate with all hosts of the registry as subject alternative names", repairRegistry}},
		},
		{
			name: "usage-other", broken: "the registry's certificate is meant for clients",
			fails:  []string{"RT-EVT-001 pod", "RT-EVT-006 pod", "RT-TLS-002 registry usage-other", "RT-TLS-012 registry usage-other"},
			leads:  "RT-TLS-012",
			repair: []step{{"Have the certificate issued again with a server profile", repairRegistry}},
		},
		{
			name: "http", broken: "the registry speaks plain HTTP",
			fails:  []string{"RT-EVT-001 pod", "RT-EVT-007 pod", "RT-TLS-001 endpoint http from collector", "RT-TLS-001 endpoint http from node", "RT-TLS-017 registry http"},
			leads:  "RT-TLS-017",
			repair: []step{{"Give the registry a certificate and let it serve TLS on that port", repairRegistry}},
		},
		{
			name: "secret-missing", broken: "the pull secret that the pod names is not there", secret: pullSecret,
			fails:  []string{"RT-EVT-001 pod", "RT-EVT-009 pod"},
			leads:  "RT-EVT-009",
			repair: []step{{"kubectl create secret docker-registry registry-login -n {name} --docker-server={host} ", makeSecret}},
		},
		{
			name: "secret-unnamed", broken: "the registry wants credentials and the pod names none",
			fails: []string{"RT-EVT-001 pod", "RT-EVT-008 pod"},
			leads: "RT-EVT-008",
			repair: []step{
				{"kubectl create secret docker-registry NAME -n {name} --docker-server={host} ", makeSecret},
				{"name it in the pod's imagePullSecrets", nameSecret},
			},
		},
		{
			name: "rate-limited", broken: "the registry has had too many pulls without an account",
			fails: []string{"RT-EVT-001 pod", "RT-EVT-011 pod"},
			leads: "RT-EVT-011",
			repair: []step{
				{"kubectl create secret docker-registry NAME -n {name} --docker-server={host} ", makeSecret},
				{"name it in their imagePullSecrets", nameSecret},
			},
		},
	}
}
