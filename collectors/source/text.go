package source

import (
	"bytes"
	"errors"
	"io"
	"path/filepath"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/regpolicy/regpolicy/collectors/evidence"
	"github.com/regpolicy/regpolicy/collectors/source/internal/manifest"
)

const reportVersion = "regpolicy.report/"

// schemaVersion is the schema_version of a JSON object that is one of
// regpolicy's own, "" for all else and for broken JSON.
func schemaVersion(data []byte) string {
	data, fault := manifest.CheckText(data)
	if fault != nil || !bytes.HasPrefix(bytes.TrimLeft(data, " \t\r\n"), []byte("{")) || !bytes.Contains(data, []byte(`"schema_version"`)) {
		return ""
	}
	version, err := topText(data, "schema_version")
	if err != nil || !strings.HasPrefix(version, "regpolicy.") {
		return ""
	}
	return version
}

// topText is the text that a key of the outermost object has, the last of equal ones, as
// encoding/json finds it, which reads all twice to the same end.
func topText(data []byte, key string) (text string, err error) {
	dec := jsontext.NewDecoder(bytes.NewBuffer(data), jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
	if _, err := dec.ReadToken(); err != nil {
		return "", err
	}
	for dec.PeekKind() == '"' {
		name, err := dec.ReadToken()
		if err != nil {
			return "", err
		}
		if !strings.EqualFold(name.String(), key) {
			if err := dec.SkipValue(); err != nil {
				return "", err
			}
			continue
		}
		value, err := dec.ReadValue()
		if err != nil {
			return "", err
		}
		if text = ""; value.Kind() == '"' {
			unquoted, _ := jsontext.AppendUnquote(nil, value) // what is no UTF-8 was replaced
			text = string(unquoted)
		}
	}
	if _, err := dec.ReadToken(); err != nil { // the object's end
		return "", err
	}
	if _, err := dec.ReadToken(); !errors.Is(err, io.EOF) {
		return "", errors.New("there is more after its end")
	}
	return text, nil
}

// document takes up an evidence document. Other files of regpolicy are errors.
func (o *opener) document(name string, data []byte) (bool, error) {
	switch version := schemaVersion(data); {
	case version == "":
		return false, nil
	case version == evidence.SchemaVersion:
		body, _ := manifest.CheckText(data)
		o.in.Documents = append(o.in.Documents, Document{Name: name, Bytes: body, SHA256: digest(data)})
		return true, nil
	case strings.HasPrefix(version, reportVersion):
		return false, inputError(name, "name the evidence document it was made from; a report is not judged again", "a report, not evidence")
	default:
		return false, inputError(name, "write it anew with regpolicy collect", "its schema_version is %q, this program reads %q", short(version), evidence.SchemaVersion)
	}
}

// short bounds a foreign word, oneLine a foreign message.
func short(s string) string { return cut(s, 64) }

func oneLine(s string) string { return cut(strings.Join(strings.Fields(s), " "), 300) }

func cut(s string, most int) string {
	if len(s) > most {
		s = strings.ToValidUTF8(s[:most], "") + "..."
	}
	return s
}

// otherKind tells what a file without objects seems to be, and what to do.
func otherKind(name string, data []byte) (what, cure string) {
	body, fault := manifest.CheckText(data)
	if fault != nil {
		return "", ""
	}
	body = bytes.TrimSpace(body)
	switch {
	case len(body) == 0:
		return "it is empty", "save it again: did kubectl print an error instead?"
	case bytes.HasPrefix(body, []byte("Error from server")):
		line, _, _ := strings.Cut(string(body), "\n")
		return "it holds an error of kubectl: " + oneLine(line), cureRefused
	case body[0] == '<':
		return "it is HTML or XML, not YAML or JSON", "save it again: it may be the page of a login or a proxy"
	case bytes.HasPrefix(body, []byte("-----BEGIN ")):
		return "it is PEM, not YAML or JSON", "put it where it lies on the node, as nodes/<node>/etc/ssl/certs/ of a capture folder"
	case isTranscript(body):
		return "it is the output of openssl s_client", "put it into a capture folder as endpoints/<host>_<port>.txt"
	case strings.EqualFold(filepath.Ext(name), ".rego"):
		return "it is a policy, not evidence", "name it with -p"
	}
	return "", ""
}

func isTranscript(body []byte) bool {
	return bytes.HasPrefix(body, []byte("CONNECTED(")) || bytes.Contains(body[:min(len(body), 4096)], []byte("\nCONNECTED("))
}

// saysObject tells whether a text may be meant as a Kubernetes object.
func saysObject(data []byte) bool {
	return bytes.Contains(data, []byte("apiVersion")) && bytes.Contains(data, []byte("kind"))
}
