package variable

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestStrays(t *testing.T) {
	flags := []string{"fail-on", "fail-on-warn", "lang", "port", "policy"}
	for name, tc := range map[string]struct {
		environ []string
		want    []Stray
	}{
		"known":                    {[]string{"REGPOLICY_FAIL_ON=high", "REGPOLICY_LANG=de"}, nil},
		"words that are not apart": {[]string{"REGPOLICY_FAILON=high"}, []Stray{{"REGPOLICY_FAILON", "fail-on"}}},
		"misspelt":                 {[]string{"REGPOLICY_FIAL_ON_WARN=true", "REGPOLICY_LANGE=de"}, []Stray{{"REGPOLICY_FIAL_ON_WARN", "fail-on-warn"}, {"REGPOLICY_LANGE", "lang"}}},
		"like no flag":             {[]string{"REGPOLICY_THRESHOLD=high"}, []Stray{{"REGPOLICY_THRESHOLD", ""}}},
		"in small letters":         {[]string{"REGPOLICY_fail_on=high"}, []Stray{{"REGPOLICY_fail_on", "fail-on"}}},
		"empty":                    {[]string{"REGPOLICY_THRESHOLD=", "REGPOLICY_HOME"}, nil},
		"of others":                {[]string{"MYREGPOLICY_X=1", "regpolicy_x=1", "REGPOLICY=1", "HOME=/root"}, nil},
		"of a Service": {[]string{
			"REGPOLICY_SERVICE_HOST=10.0.0.1", "REGPOLICY_SERVICE_PORT=80", "REGPOLICY_SERVICE_PORT_HTTP=80", "REGPOLICY_PORT=tcp://10.0.0.1:80",
			"REGPOLICY_PORT_80_TCP=tcp://10.0.0.1:80", "REGPOLICY_PORT_80_TCP_PROTO=tcp", "REGPOLICY_PORT_80_TCP_PORT=80", "REGPOLICY_PORT_80_TCP_ADDR=10.0.0.1",
			"REGPOLICY_METRICS_SERVICE_HOST=10.0.0.2", "REGPOLICY_METRICS_PORT_9_UDP=udp://10.0.0.2:9",
		}, nil},
		"of completion": {[]string{"REGPOLICY_ACTIVE_HELP=0", "REGPOLICY_COMPLETION_DESCRIPTIONS=0"}, nil},
		"twice":         {[]string{"REGPOLICY_X=1", "REGPOLICY_X=2"}, []Stray{{"REGPOLICY_X", ""}}},
		"endless":       {[]string{"REGPOLICY_" + strings.Repeat("X", 1<<20) + "=1"}, []Stray{{"REGPOLICY_" + strings.Repeat("X", 1<<20), ""}}},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, Strays(tc.environ, flags)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
