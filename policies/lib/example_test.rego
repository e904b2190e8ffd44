# Documents for the examples beside the policies.
package dharma.example

import rego.v1

# One resource, everything known.
of(kind, properties) := hidden(kind, properties, {})

# One resource with paths that are not known yet, each with its reason.
hidden(kind, properties, unknown) := {"resources": {kind: [{
	"address": sprintf("%s.example", [kind]),
	"name": "example",
	"kind": kind,
	"properties": properties,
	"unknown": unknown,
}]}}
