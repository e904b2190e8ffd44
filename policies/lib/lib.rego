# What policies over kinds share. Three outcomes: a policy adds to `fail` what is known to be wrong,
# to `unknown` what cannot be decided yet; every other resource of its kinds passes.
#
# `lib.value` is undefined while a value is not known, so a comparison with it holds only for known
# values. Never write `not lib.value(...)`: that holds for an unknown value as well.
package dharma.lib

import rego.v1

# All resources of a kind.
resources(kind) := object.get(object.get(input, "resources", {}), kind, [])

# The resources of a kind of which something is not known yet: only these can be undecided.
uncertain(kind) := [resource |
	some resource in resources(kind)
	count(resource.unknown) > 0
]

# The setting of a policy that the user may change.
parameter(policy, name, otherwise) := object.get(input, ["parameters", policy, name], otherwise)

# The value at a dotted path (`versioning.enabled`); `otherwise` where there is none.
value(resource, path, otherwise) := object.get(resource.properties, split(path, "."), otherwise) if {
	not is_unknown(resource, path)
}

# The elements of a list or set of objects, by their place; none while the whole is unknown.
elements(resource, path) := list if {
	list := object.get(resource.properties, split(path, "."), [])
	is_array(list)
} else := []

# The path of a member of an element: `ingress.0.cidr_ipv4`.
member(path, place, name) := sprintf("%s.%d.%s", [path, place, name])

# Something at the path, below it or above it is not known yet.
is_unknown(resource, path) if {
	some place, _ in resource.unknown
	covers(place, path)
}

covers(place, path) if place == path

covers(place, path) if startswith(path, concat("", [place, "."]))

covers(place, path) if startswith(place, concat("", [path, "."]))

# A result of `fail`.
finding(resource, path, message) := {
	"address": resource.address,
	"path": path,
	"message": message,
}

# A result of `unknown` for a path; undefined when its value is known.
undecided(resource, path) := {
	"address": resource.address,
	"path": path,
	"message": sprintf("%s is not known: %s", [path, reason]),
} if {
	reasons := [why | some place, why in resource.unknown; covers(place, path)]
	reason := concat("; ", reasons)
	count(reasons) > 0
}
