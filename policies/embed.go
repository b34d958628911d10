// Package policies holds the built-in policies and the evidence document's
// schema. A new folder is a new policy; there is no list to edit.
package policies

import "embed"

//go:generate go run ../cmd/regpolicy/internal/schemagen ..

// FS holds lib/<topic>/*.rego, <area>/<name>/*.rego and document.schema.json.
//
//go:embed */*/*.rego document.schema.json
var FS embed.FS

// Schema names the evidence document's JSON Schema in FS.
const Schema = "document.schema.json"
