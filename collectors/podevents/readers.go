package podevents

import "sync"

// reader reads a text whose cause depends on what stands in it. An empty verdict
// means that it is no cause.
type reader struct {
	prefix string
	read   func(c *classifier, s segment) verdict
}

// readerList is in the order of trial; readers go before leaves.
var readerList = []reader{
	// crypto/x509.
	{`certificate signed by unknown authority`, unknownAuthority},
	{`certificate has expired or is not yet valid`, validity},
	{`certificate is valid for `, nameMismatch},
	{`certificate is not valid for any names`, nameMismatch},
	{`cannot validate certificate for `, nameMismatch},
	{`x509: `, unreadX509},

	// crypto/tls.
	{`remote error: `, remoteAlert},
	{`local error: `, localAlert},
	{`tls: `, tlsError},

	// net and net/http.
	{`proxyconnect `, proxyConnect},
	{`socks connect `, proxyConnect},
	{`lookup `, lookup},
	{`dial tcp: lookup `, lookup},
	{`dial tcp: address `, badAddress},
	{`dial tcp `, dial},
	{`dial tcp4 `, dial},
	{`dial tcp6 `, dial},
	{`dial unix `, func(*classifier, segment) verdict { return verdict{cause: causeUnknown, hostless: true} }},
	{`malformed HTTP response `, malformedResponse},
	{`connection error: `, connectionError},
	{`EOF`, endOfFile},
	{`unexpected EOF`, endOfFile},
	{`unsupported protocol scheme`, badURL},
	{`parse `, badURL},

	// HTTP answers and registries' words.
	{`StatusCode: `, statusCode},
	{`error parsing HTTP `, unparsedAnswer},
	{`invalid status code from registry `, statusInText},
	{`unexpected http code: `, statusInText},
	{`Status `, statusInText},
	{`unknown: `, unknownCode},
	{`could not fetch content`, missingContent},
	{`content at `, missingContent},
	{`unexpected media type `, mediaType},
	{`unable to fetch descriptor `, emptyContent},
	{`rejecting `, tooLarge},
	{`invalid character '`, notJSON},
	{`unexpected end of JSON input`, notJSON},
	{`json: `, notJSON},
	{`manifest `, notFoundInText},
	{`Manifest `, notFoundInText},
	{`repository `, notFoundInText},
	{`image `, notFoundInText},
	{`tag `, notFoundInText},
	{`Tag `, notFoundInText},
	{`artifact `, notFoundInText},

	// The kubelet and its runtime.
	{`Container image ""`, neverPull},
	{`image pull failed for `, signatureRejected},
	{`registry `, blocked},
	{`missing key `, missingKey},
	{`snapshotter `, snapshotterPlatform},
	{`application/`, unsupportedType},
}

var readers = sync.OnceValue(func() *table[reader] { return newTable(readerList) })
