package cgroup_test

import (
	"os"
	"path/filepath"
	"testing"

	"go.uber.org/goleak"

	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/cgroup"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestMemory(t *testing.T) {
	t.Parallel()
	const pod = "/kubepods.slice/pod1/container"
	for name, tc := range map[string]struct {
		files map[string]string
		want  int64
	}{
		"no groups at all": {nil, 0},
		"version 2, in a namespace of its own": {map[string]string{
			"proc/self/cgroup": "0::/\n", "sys/fs/cgroup/memory.max": "1073741824\n",
		}, 1 << 30},
		"version 2, no limit": {map[string]string{
			"proc/self/cgroup": "0::/\n", "sys/fs/cgroup/memory.max": "max\n",
		}, 0},
		"version 2, a group around it has less": {map[string]string{
			"proc/self/cgroup":                         "0::" + pod + "\n",
			"sys/fs/cgroup" + pod + "/memory.max":      "2147483648\n",
			"sys/fs/cgroup/kubepods.slice/memory.max":  "1073741824\n",
			"sys/fs/cgroup/kubepods.slice/pod1/a.file": "1\n",
		}, 1 << 30},
		"version 2, named as the host sees it": {map[string]string{
			"proc/self/cgroup": "0::" + pod + "\n", "sys/fs/cgroup/memory.max": "536870912\n",
		}, 512 << 20},
		"version 2, outside its namespace's root": {map[string]string{
			"proc/self/cgroup": "0::/../../other\n", "sys/fs/cgroup/memory.max": "536870912\n",
		}, 512 << 20},
		"version 1": {map[string]string{
			"proc/self/cgroup": "5:cpu,cpuacct:/\n4:memory:" + pod + "\n0::/\n",
			"sys/fs/cgroup/memory" + pod + "/memory.limit_in_bytes": "1073741824\n",
			"sys/fs/cgroup/memory/memory.limit_in_bytes":            "9223372036854771712\n",
		}, 1 << 30},
		"version 1, no limit": {map[string]string{
			"proc/self/cgroup": "4:memory:/\n", "sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712\n",
		}, 0},
		"nothing that can be read": {map[string]string{
			"proc/self/cgroup": "x\n:\n::::\n0::\n0::/a\n", "sys/fs/cgroup/memory.max": "-5\n", "sys/fs/cgroup/a/memory.max": "much\n",
		}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			root := t.TempDir()
			for path, text := range tc.files {
				path = filepath.Join(root, path)
				if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			got, limited := cgroup.Memory(os.DirFS(root))
			if limited != (tc.want > 0) || limited && got != tc.want {
				t.Errorf("limit %d, %v; want %d", got, limited, tc.want)
			}
		})
	}
}

// FuzzMemory reads any list of groups without a panic.
func FuzzMemory(f *testing.F) {
	f.Add("0::/\n", "max")
	f.Add("4:memory:/a/../..\n0::x", "12")
	root := f.TempDir()
	for _, dir := range []string{"proc/self", "sys/fs/cgroup"} {
		if err := os.MkdirAll(filepath.Join(root, dir), 0o755); err != nil {
			f.Fatal(err)
		}
	}
	f.Fuzz(func(t *testing.T, groups, limit string) {
		for path, text := range map[string]string{"proc/self/cgroup": groups, "sys/fs/cgroup/memory.max": limit} {
			if err := os.WriteFile(filepath.Join(root, path), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if n, limited := cgroup.Memory(os.DirFS(root)); limited && n <= 0 {
			t.Errorf("limit %d", n)
		}
	})
}
