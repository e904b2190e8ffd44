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
	found := lib.finding(resource, place(resource), sprintf("is not tagged with %s", [concat(", ", missing)]))
}

fail contains found if {
	count(required) == 0
	some resource in taggable
	count(names(resource)) == 0
	found := lib.finding(resource, place(resource), "has no tag at all")
}

unknown contains found if {
	some resource in taggable
	resource.unknown[place(resource)]
	found := lib.undecided(resource, place(resource))
}

# The catalog knows which kinds can carry tags; resources of other types are left out.
taggable contains resource if {
	some kind, _ in input.resources
	input.kinds[kind].taggable
	some resource in lib.resources(kind)
}

# A tag whose value is not known is there all the same; undefined while the tags as such are not.
names(resource) := known | unknown_values if {
	not resource.unknown[place(resource)]
	known := object.keys(object.get(resource.properties, place(resource), {}))
	before := sprintf("%s.", [place(resource)])
	unknown_values := {trim_prefix(path, before) |
		some path, _ in resource.unknown
		startswith(path, before)
	}
}

# The property that holds the tags: `labels` on Google Cloud.
place(resource) := object.get(input.kinds, [split(resource.address, ".")[0], "tags"], "tags")
