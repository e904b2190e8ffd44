# METADATA
# scope: package
# title: Resources carry the agreed tags
# description: The parameter `tags` lists the names that every taggable resource must carry.
#   Without it, a resource must carry at least one tag.
# related_resources:
#   - https://docs.aws.amazon.com/whitepapers/latest/tagging-best-practices/tagging-best-practices.html
# custom:
#   id: required_tags
#   severity: low
#   category: best-practice
#   kinds: ["*"]
#   remediation: Add the missing tags.
package dharma.required_tags

import rego.v1

import data.dharma.lib

required := lib.parameter("required_tags", "tags", [])

fail contains found if {
	some resource in taggable
	carried := names(resource)
	missing := [tag | some tag in required; not tag in carried]
	count(missing) > 0
	found := lib.finding(resource, "tags", sprintf("is not tagged with %s", [concat(", ", missing)]))
}

fail contains found if {
	count(required) == 0
	some resource in taggable
	count(names(resource)) == 0
	found := lib.finding(resource, "tags", "has no tag at all")
}

unknown contains found if {
	some resource in taggable
	resource.unknown.tags
	found := lib.undecided(resource, "tags")
}

# The catalog knows which kinds can carry tags; resources of other types are left out.
taggable contains resource if {
	some kind, _ in input.resources
	input.kinds[kind].taggable
	some resource in lib.resources(kind)
}

# A tag whose value is not known is there all the same; undefined while the tags as such are not.
names(resource) := known | unknown_values if {
	not resource.unknown.tags
	known := object.keys(object.get(resource.properties, "tags", {}))
	unknown_values := {trim_prefix(place, "tags.") |
		some place, _ in resource.unknown
		startswith(place, "tags.")
	}
}
