package nodecerts

// SubjectHash is for tests that write hash links.
func SubjectHash(rawSubject []byte) string { return subjectHash(rawSubject) }
