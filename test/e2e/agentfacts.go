package main

import (
	"bytes"
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// checkSpec: what the API server made of the agent's pod.
func (l *lab) checkSpec(pod object) {
	spec, _ := pod["spec"].(map[string]any)
	text, err := json.Marshal(spec)
	if err != nil {
		text = []byte(err.Error())
	}
	l.tally.check("service account token in the agent's pod", bytes.Contains(text, []byte("serviceAccountToken")), false)
	l.tally.check("ports of the agent's pod", bytes.Contains(text, []byte(`"ports"`)), false)
	for _, must := range []string{
		`"automountServiceAccountToken":false`, `"capabilities":{"drop":["ALL"]}`, `"readOnlyRootFilesystem":true`, `"allowPrivilegeEscalation":false`,
		`"runAsNonRoot":true`, `"mountPath":"/host","name":"host","readOnly":true`, `"imagePullPolicy":"Never"`,
	} {
		l.tally.check("the agent's pod has "+must, bytes.Contains(text, []byte(must)), true)
	}
	for _, not := range []string{`"privileged":true`, `"hostPID":true`, `"hostIPC":true`} {
		l.tally.check("the agent's pod has "+not, bytes.Contains(text, []byte(not)), false)
	}
}

// checkProcess: what the kernel says of the agent's process.
func (l *lab) checkProcess() {
	files, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		files = nil
	}
	facts := "no process"
	for _, file := range files {
		command, err := os.ReadFile(file)
		if err != nil || !bytes.Contains(command, []byte("regpolicy\x00agent\x00node\x00")) {
			continue
		}
		status, err := os.ReadFile(filepath.Join(filepath.Dir(file), "status"))
		if err != nil {
			continue
		}
		var lines []string
		for line := range strings.Lines(string(status)) {
			name, value, _ := strings.Cut(strings.TrimSpace(line), ":")
			if slices.Contains([]string{"CapEff", "CapBnd", "CapPrm", "NoNewPrivs", "Uid", "Seccomp"}, name) {
				lines = append(lines, name+" "+strings.Fields(value)[0])
			}
		}
		facts = strings.Join(lines, ", ")
	}
	none := strings.Repeat("0", 16)
	l.tally.check("the agent's process", facts, "Uid 65532, CapPrm "+none+", CapEff "+none+", CapBnd "+none+", NoNewPrivs 1, Seccomp 2")
}

// listening are the TCP sockets of the node's network that wait for connections.
func listening() ([]string, error) {
	const listen = "0A"
	found := map[string]bool{}
	for _, file := range []string{"/proc/self/net/tcp", "/proc/self/net/tcp6"} {
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		for line := range strings.Lines(string(text)) {
			if fields := strings.Fields(line); len(fields) > 3 && fields[3] == listen {
				found[fields[1]] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(found)), nil
}
