package handshake

import (
	"context"
	"crypto/tls"
	"slices"
	"time"

	"github.com/regpolicy/regpolicy/collectors/evidence"
)

// maxVersionTries is how many connections the versions of one endpoint may cost.
const maxVersionTries = 3

// survey tries versions one by one.
type survey struct {
	d          *dialer
	run, probe context.Context
	left       int
	// told: some try told something of a version.
	told              bool
	accepted, refused []string
	failed            *trouble // why the last try told nothing
}

// versions finds out which TLS versions a server accepts that negotiated one of
// them with a client of today. First all that clients of today refuse are offered at
// once, then alone those of which that told nothing.
func (d *dialer) versions(run, probe context.Context, negotiated uint16) survey {
	s := survey{d: d, run: run, probe: probe, left: maxVersionTries}
	s.accept(negotiated)
	switch version, known := s.offer(tls.VersionTLS10, tls.VersionTLS11); {
	case known && version == 0:
		s.refuse(tls.VersionTLS10, tls.VersionTLS11)
	case known:
		s.accept(version)
		s.alone(tls.VersionTLS10 + tls.VersionTLS11 - version)
	}
	s.alone(tls.VersionTLS12 + tls.VersionTLS13 - negotiated)
	slices.Sort(s.accepted)
	slices.Sort(s.refused)
	return s
}

func (s *survey) accept(version uint16) { s.accepted = append(s.accepted, versionName(version)) }

func (s *survey) refuse(versions ...uint16) {
	for _, version := range versions {
		s.refused = append(s.refused, versionName(version))
	}
}

// alone offers one version.
func (s *survey) alone(version uint16) {
	switch got, known := s.offer(version, version); {
	case known && got == version:
		s.accept(version)
	case known:
		s.refuse(version)
	}
}

// offer shakes hands with the versions from lowest to highest and returns the one
// that the server chose, 0 for none. Some servers drop what they do not accept: a
// connection that was dropped twice is a refusal, for the server answers others. One
// connection is left for the version that comes last.
func (s *survey) offer(lowest, highest uint16) (version uint16, known bool) {
	reserved := 0
	if lowest < tls.VersionTLS12 {
		reserved = 1
	}
	a, again := s.try(lowest, highest), false
	if dropped(a) && s.left > reserved && s.pause() {
		a, again = s.try(lowest, highest), true
	}
	t := a.trouble
	switch {
	case a.state.Version != 0:
		version, known = a.state.Version, true
	case t == nil || t.reason != "" || t.stage != stageHandshake:
	case t.cause == "tls_version", t.cause == "tls_handshake" && !t.foreign, t.cause == "reset" && again:
		known = true
	}
	if known {
		s.told = true
	} else {
		s.failed = t
	}
	return version, known
}

func (s *survey) pause() bool {
	select {
	case <-s.probe.Done():
		return false
	case <-time.After(retryPause):
		return true
	}
}

// try makes one connection, with a part of the time that is left: a server that
// says nothing to one version may answer another.
func (s *survey) try(lowest, highest uint16) attempt {
	if s.left == 0 {
		return attempt{trouble: s.failed}
	}
	probe := s.probe
	if deadline, ok := s.probe.Deadline(); ok {
		part, cancel := context.WithTimeout(s.probe, time.Until(deadline)/time.Duration(s.left))
		defer cancel()
		probe = part
	}
	s.left--
	return s.d.try(s.run, probe, manner{lenient: true, lowest: lowest, highest: highest})
}

// addVersions tries the versions of an endpoint that completed a handshake, and
// records them, or that none could be tried.
func (d *dialer) addVersions(run, probe context.Context, o *outcome) {
	if o.version < tls.VersionTLS12 || o.probe.Failure != nil && o.probe.Failure.Cause != "client_certificate_required" {
		return
	}
	s := d.versions(run, probe, o.version)
	if s.told {
		o.probe.VersionsAccepted, o.probe.VersionsRefused = s.accepted, s.refused
		return
	}
	o.untried = &trouble{reason: "unreachable"}
	if s.failed != nil {
		o.untried = &trouble{reason: s.failed.gapReason(), detail: s.failed.detail}
	}
}

// gapReason is the trouble as one of evidence.Reasons.
func (t *trouble) gapReason() string {
	switch {
	case t.reason != "":
		return t.reason
	case slices.Contains(evidence.Reasons, t.cause):
		return t.cause // "refused", "dns", "unreachable"
	default:
		return "unreachable" // the connection was dropped, or the proxy made none
	}
}
