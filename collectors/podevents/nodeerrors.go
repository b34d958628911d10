package podevents

import "strings"

// neverPull reads the kubelet's `Container image "REF" is not present with pull
// policy of Never`.
func neverPull(c *classifier, s segment) verdict {
	if !strings.Contains(c.m.words(s), "is not present with pull policy of Never") {
		return verdict{}
	}
	c.quotedImage(s)
	return verdict{cause: "never_pull", stage: "resolve", hostless: true}
}

// signatureRejected reads the kubelet's words for the CRI error
// SignatureValidationFailed.
func signatureRejected(c *classifier, s segment) verdict {
	words := c.m.words(s)
	if !strings.Contains(words, " because the signature validation failed") {
		return verdict{}
	}
	c.image(firstWord(strings.TrimPrefix(words, "image pull failed for ")))
	return verdict{cause: "signature_rejected", stage: "manifest", hostless: true}
}

// blocked reads containers/image's "registry H is blocked in FILE or FOLDER".
func blocked(c *classifier, s segment) verdict {
	if !strings.Contains(c.m.words(s), " is blocked in ") {
		return verdict{}
	}
	return verdict{cause: "blocked", stage: "resolve", hostless: true}
}

// missingKey reads "missing key K for client certificate C. Note that CA
// certificates should use the extension .crt".
func missingKey(c *classifier, s segment) verdict {
	if !strings.Contains(c.m.words(s), " for client certificate ") {
		return verdict{}
	}
	return verdict{cause: "registry_configuration", stage: "resolve", hostless: true}
}

func snapshotterPlatform(c *classifier, s segment) verdict {
	if !strings.Contains(c.m.words(s), " does not support platform ") {
		return verdict{}
	}
	return verdict{cause: "platform_mismatch", stage: "manifest"}
}

// unsupportedType reads "application/vnd... not supported".
func unsupportedType(c *classifier, s segment) verdict {
	if !strings.HasSuffix(c.m.words(s), " not supported") {
		return verdict{}
	}
	return verdict{cause: "unsupported_manifest", stage: "manifest"}
}
