// Package policies holds the built-in policies and the evidence document's
// schema. A new folder is a new policy; there is no list to edit.
package policies

import "embed"

//go:generate go run ../cmd/regpolicy/internal/schemagen ..
//go:generate go run ../cmd/regpolicy/internal/analysisgen analysis.json

// FS holds lib/<topic>/*.rego, <area>/<name>/*.rego with the cases of each policy
// beside it, document.schema.json and frameworks.yaml.
//
//go:embed cfg evt lib nod tls xev document.schema.json frameworks.yaml analysis.json
var FS embed.FS

// Schema names the evidence document's JSON Schema in FS.
const Schema = "document.schema.json"

// Analysis names what is known of these policies without analysing them again.
const Analysis = "analysis.json"

// Frameworks names what METADATA's controls refer to, in FS.
const Frameworks = "frameworks.yaml"
