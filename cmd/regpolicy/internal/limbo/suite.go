package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"
)

// Limits on a suite: the public one has 40 MB, and none of its cases more than
// 101 certificates.
const (
	maxSuite        = 256 << 20
	maxCertificates = 1000
	maxPEM          = 1 << 20
)

// The two ways in which a case can end.
const (
	success = "SUCCESS"
	failure = "FAILURE"
)

// testcase is what is read of a case in the format of x509-limbo's version 1.
type testcase struct {
	ID            string     `json:"id"`
	Features      []string   `json:"features"`
	Kind          string     `json:"validation_kind"`
	Trusted       []string   `json:"trusted_certs"`
	Intermediates []string   `json:"untrusted_intermediates"`
	Peer          string     `json:"peer_certificate"`
	Time          *time.Time `json:"validation_time"` // none: the present
	CRLs          []string   `json:"crls"`
	Depth         *int       `json:"max_chain_depth"`
	Expected      string     `json:"expected_result"`
	PeerName      *struct {
		Kind  string `json:"kind"`
		Value string `json:"value"`
	} `json:"expected_peer_name"`
}

// host is what the server is asked for, "" for no name.
func (c testcase) host() string {
	if c.PeerName == nil {
		return ""
	}
	return c.PeerName.Value
}

// eachCase reads a suite and hands its cases on, one at a time, so that only one
// is held in memory. It ends at the first error, that of do included, and reads no
// more than limit bytes.
func eachCase(in io.Reader, limit int64, do func(testcase) error) error {
	limited := &io.LimitedReader{R: in, N: limit + 1}
	s := suite{dec: json.NewDecoder(limited), do: do, seen: map[string]bool{}}
	err := s.read()
	if err == nil {
		err = s.end()
	}
	switch {
	case limited.N <= 0:
		return fmt.Errorf("it has more than %d MiB", limit>>20)
	case errors.Is(err, io.EOF):
		return io.ErrUnexpectedEOF
	}
	return err
}

type suite struct {
	dec     *json.Decoder
	do      func(testcase) error
	seen    map[string]bool // cases, by id
	version bool            // it was told
}

func (s *suite) read() error {
	if err := s.expect('{', "an object with testcases"); err != nil {
		return err
	}
	for s.dec.More() {
		key, err := s.dec.Token()
		if err != nil {
			return err
		}
		switch key {
		case "version":
			err = s.readVersion()
		case "testcases":
			err = s.readCases()
		default:
			var other json.RawMessage
			err = s.dec.Decode(&other)
		}
		if err != nil {
			return err
		}
	}
	_, err := s.dec.Token()
	return err
}

// end tells whether all was there, and nothing behind it.
func (s *suite) end() error {
	switch _, err := s.dec.Token(); {
	case !errors.Is(err, io.EOF):
		return errors.New("more follows behind its end")
	case !s.version:
		return errors.New("it does not tell its version")
	case len(s.seen) == 0:
		return errors.New(`it holds no case: "testcases" is absent or empty`)
	}
	return nil
}

func (s *suite) readVersion() error {
	var version int
	if err := s.dec.Decode(&version); err != nil {
		return fmt.Errorf("reading its version: %w", err)
	}
	if version != 1 {
		return fmt.Errorf("its version is %d, and only version 1 is known", version)
	}
	s.version = true
	return nil
}

func (s *suite) readCases() error {
	if err := s.expect('[', "a list of testcases"); err != nil {
		return err
	}
	for s.dec.More() {
		var c testcase
		if err := s.dec.Decode(&c); err != nil {
			return fmt.Errorf("reading case %d: %w", len(s.seen)+1, err)
		}
		if err := s.check(c); err != nil {
			return fmt.Errorf("reading case %d, %.100q: %w", len(s.seen)+1, c.ID, err)
		}
		s.seen[c.ID] = true
		if err := s.do(c); err != nil {
			return err
		}
	}
	_, err := s.dec.Token()
	return err
}

func (s *suite) check(c testcase) error {
	switch {
	case c.ID == "":
		return errors.New("it has no id")
	case s.seen[c.ID]:
		return errors.New("there is another one of that id")
	case c.Kind != "SERVER" && c.Kind != "CLIENT":
		return fmt.Errorf("its validation_kind is %.40q, neither SERVER nor CLIENT", c.Kind)
	case c.Expected != success && c.Expected != failure:
		return fmt.Errorf("its expected_result is %.40q, neither SUCCESS nor FAILURE", c.Expected)
	case len(c.Trusted)+len(c.Intermediates) > maxCertificates:
		return fmt.Errorf("it has more than %d certificates", maxCertificates)
	}
	for _, text := range slices.Concat([]string{c.Peer}, c.Trusted, c.Intermediates) {
		if len(text) > maxPEM {
			return fmt.Errorf("it has a certificate of more than %d MiB", maxPEM>>20)
		}
	}
	return nil
}

// expect reads the token that begins a value of a kind.
func (s *suite) expect(delim json.Delim, what string) error {
	token, err := s.dec.Token()
	if err != nil {
		return err
	}
	if token != delim {
		return fmt.Errorf("%s was expected, not %.40q", what, fmt.Sprint(token))
	}
	return nil
}
