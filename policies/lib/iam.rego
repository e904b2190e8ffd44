# Reading of IAM policy documents, as AWS evaluates them.
# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
package dharma.iam

import rego.v1

import data.dharma.lib

# The statements of a document that allow something; a single one may stand without brackets.
allowing(document) := [statement |
	some statement in listed(object.get(document, "Statement", []))
	statement.Effect == "Allow"
] if {
	is_object(document)
} else := []

# A value that may stand alone or in a list, as a list.
listed(value) := value if is_array(value)

listed(value) := [value] if not is_array(value)

# Whether a document can be read at all (text that is no JSON cannot).
readable(document) if is_object(document)

# Anybody at all: `"*"`, `{"AWS": "*"}`, or everybody but some.
names_everybody(statement) if statement.Principal == "*"

names_everybody(statement) if {
	some who in listed(statement.Principal.AWS)
	who == "*"
}

names_everybody(statement) if statement.NotPrincipal

# Condition keys with which AWS does not count a statement as public, when their values are fixed.
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html
narrowing := {
	"aws:sourceip", "aws:sourcearn", "aws:sourcevpc", "aws:sourcevpce", "aws:sourceaccount",
	"aws:sourceowner", "aws:sourceorgid", "aws:sourceorgpaths", "aws:principalorgid",
	"aws:principalorgpaths", "aws:principalaccount", "aws:principalarn", "aws:userid",
	"s3:dataaccesspointarn", "s3:dataaccesspointaccount", "s3:x-amz-server-side-encryption-aws-kms-key-id",
	"sts:externalid", "kms:calleraccount",
}

# Operators that cannot widen again what they name.
positive(operator) if {
	some prefix in ["string", "arn", "ipaddress"]
	startswith(operator, prefix)
	not contains(operator, "not")
	not endswith(operator, "ifexists")
}

is_narrowed(statement) if {
	some operator, keys in statement.Condition
	positive(lower(operator))
	some key, values in keys
	lower(key) in narrowing
	every value in listed(values) {
		not value in {"*", "0.0.0.0/0", "::/0"}
	}
}

# Everybody may use what the statement allows.
is_public(statement) if {
	names_everybody(statement)
	not is_narrowed(statement)
}

# Every action on every resource.
is_administrator(statement) if {
	every_action(statement)
	some resource in listed(statement.Resource)
	resource == "*"
}

every_action(statement) if {
	some action in listed(statement.Action)
	action in {"*", "*:*"}
}

every_action(statement) if statement.NotAction

# What is not known yet and decides whether a document is public, or one of an administrator: the
# paths below `path`, where the document stands. Denials decide nothing, nor do members that could
# not change the answer.
public_doubts(resource, document, path) := {place |
	some entry in placed(document, path)
	not entry.statement.Effect == "Deny"
	some member in public_members(entry.statement)
	place := concat(".", [entry.at, member])
	lib.is_unknown(resource, place)
} | whole(resource, path)

public_members(statement) := ["Effect", "Principal", "Condition"] if names_everybody(statement)

public_members(statement) := ["Effect", "Principal", "NotPrincipal"] if not names_everybody(statement)

administrator_doubts(resource, document, path) := {place |
	some entry in placed(document, path)
	not entry.statement.Effect == "Deny"
	may_be_every_action(resource, entry)
	may_be_every_resource(resource, entry)
	some member in ["Effect", "Action", "NotAction", "Resource"]
	place := concat(".", [entry.at, member])
	lib.is_unknown(resource, place)
} | whole(resource, path)

may_be_every_action(_, entry) if every_action(entry.statement)

may_be_every_action(resource, entry) if {
	some member in ["Action", "NotAction"]
	lib.is_unknown(resource, concat(".", [entry.at, member]))
}

may_be_every_resource(_, entry) if "*" in listed(entry.statement.Resource)

may_be_every_resource(resource, entry) if {
	lib.is_unknown(resource, concat(".", [entry.at, "Resource"]))
}

# The document, something above it, or all its statements are not known.
whole(resource, path) := {path |
	some place, _ in resource.unknown
	hides(place, path)
}

hides(place, path) if place == path

hides(place, path) if startswith(path, concat("", [place, "."]))

hides(place, path) if place == concat(".", [path, "Statement"])

# The statements of a document, each with its path.
placed(document, path) := [{"at": at, "statement": statement} |
	some place, statement in document.Statement
	at := sprintf("%s.Statement.%d", [path, place])
] if {
	is_array(document.Statement)
} else := [{"at": at, "statement": statement} |
	statement := document.Statement
	at := concat(".", [path, "Statement"])
] if {
	is_object(document.Statement)
} else := []
