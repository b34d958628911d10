package main

import (
	_ "embed"
	"fmt"
	"strings"
)

//go:embed cases.txt
var casesText string

// testCase is a line of cases.txt, which explains the columns.
type testCase struct {
	pod, image, pull, stage, host, probe, trust string
}

// running is the pull of a case without failure.
const running = "running"

func readCases() ([]testCase, error) {
	var cases []testCase
	for line := range strings.Lines(casesText) {
		f := strings.Fields(line)
		if len(f) == 0 || strings.HasPrefix(f[0], "#") {
			continue
		}
		if len(f) != 7 {
			return nil, fmt.Errorf("reading cases.txt: %q has %d columns, want 7", line, len(f))
		}
		cases = append(cases, testCase{f[0], f[1], f[2], f[3], f[4], f[5], f[6]})
	}
	return cases, nil
}

// registry is the image's registry as host:port.
func (c testCase) registry() string {
	host, _, _ := strings.Cut(c.image, "/")
	return host + ":443"
}

// answerer is the host:port whose answer the failure was.
func (c testCase) answerer() string {
	if c.host == "-" {
		return "-"
	}
	return c.host + ".corp.example:443"
}
