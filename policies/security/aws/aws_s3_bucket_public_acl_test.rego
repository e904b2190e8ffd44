package dharma.aws_s3_bucket_public_acl_test

import rego.v1

import data.dharma.aws_s3_bucket_public_acl as policy
import data.dharma.example

test_no_acl_passes if {
	case := example.of("aws_s3_bucket", {})
	count(policy.fail) == 0 with input as case
	count(policy.unknown) == 0 with input as case
}

test_a_private_acl_passes if {
	case := example.of("aws_s3_bucket", {"acl": "private"})
	count(policy.fail) == 0 with input as case
	count(policy.unknown) == 0 with input as case
}

test_public_read_fails if {
	case := example.of("aws_s3_bucket", {"acl": "public-read"})
	count(policy.fail) > 0 with input as case
}

test_public_read_that_is_ignored_passes if {
	case := example.of("aws_s3_bucket", {"acl": "public-read", "public_access_block": {"block_public_acls": true, "block_public_policy": true, "ignore_public_acls": true, "restrict_public_buckets": true}})
	count(policy.fail) == 0 with input as case
	count(policy.unknown) == 0 with input as case
}

test_an_acl_that_comes_later_is_unknown if {
	case := example.hidden("aws_s3_bucket", {}, {"acl": "known after apply"})
	count(policy.fail) == 0 with input as case
	count(policy.unknown) > 0 with input as case
}

test_a_block_that_comes_later_is_unknown if {
	case := example.hidden("aws_s3_bucket", {"acl": "public-read"}, {"public_access_block": "known after apply"})
	count(policy.fail) == 0 with input as case
	count(policy.unknown) > 0 with input as case
}

test_an_acl_that_comes_later_and_is_ignored_passes if {
	case := example.hidden("aws_s3_bucket", {"public_access_block": {"block_public_acls": true, "block_public_policy": true, "ignore_public_acls": true, "restrict_public_buckets": true}}, {"acl": "known after apply"})
	count(policy.fail) == 0 with input as case
	count(policy.unknown) == 0 with input as case
}

test_a_block_that_comes_later_over_a_private_acl_passes if {
	case := example.hidden("aws_s3_bucket", {"acl": "private"}, {"public_access_block": "known after apply"})
	count(policy.fail) == 0 with input as case
	count(policy.unknown) == 0 with input as case
}

granted(members) := {"access_control_policy": {
	"owner": {"id": "75aa57f0"},
	"grants": [object.union({"permission": "READ"}, members)],
}}

everybody := granted({"type": "Group", "uri": "http://acs.amazonaws.com/groups/global/AllUsers"})

ignored := {"public_access_block": {"block_public_acls": true, "block_public_policy": true, "ignore_public_acls": true, "restrict_public_buckets": true}}

test_a_grant_to_everybody_fails if {
	case := example.of("aws_s3_bucket", everybody)
	some found in policy.fail with input as case
	found.message == "READ is granted to everybody"
	found.path == "access_control_policy.grants.0.uri"
}

test_a_grant_to_all_authenticated_users_fails if {
	case := example.of("aws_s3_bucket", granted({"type": "Group", "uri": "http://acs.amazonaws.com/groups/global/AuthenticatedUsers"}))
	count(policy.fail) > 0 with input as case
}

test_a_grant_to_the_delivery_of_logs_and_to_an_account_passes if {
	every members in [
		{"type": "Group", "uri": "http://acs.amazonaws.com/groups/s3/LogDelivery"},
		{"type": "CanonicalUser", "id": "75aa57f0"},
	] {
		case := example.of("aws_s3_bucket", granted(members))
		count(policy.fail) == 0 with input as case
		count(policy.unknown) == 0 with input as case
	}
}

test_a_grant_to_everybody_that_is_ignored_passes if {
	case := example.of("aws_s3_bucket", object.union(everybody, ignored))
	count(policy.fail) == 0 with input as case
	count(policy.unknown) == 0 with input as case
}

test_an_owner_that_comes_later_does_not_matter if {
	case := example.hidden("aws_s3_bucket", granted({"type": "CanonicalUser"}), {"access_control_policy.owner.id": "known after apply", "access_control_policy.grants.0.id": "known after apply"})
	count(policy.fail) == 0 with input as case
	count(policy.unknown) == 0 with input as case
}

test_a_grantee_that_comes_later_is_unknown if {
	every place in ["access_control_policy", "access_control_policy.grants", "access_control_policy.grants.0.uri"] {
		case := example.hidden("aws_s3_bucket", granted({"type": "Group"}), {place: "known after apply"})
		count(policy.fail) == 0 with input as case
		count(policy.unknown) > 0 with input as case
	}
}

test_a_block_that_comes_later_over_a_grant_to_everybody_is_unknown if {
	case := example.hidden("aws_s3_bucket", everybody, {"public_access_block": "known after apply"})
	count(policy.fail) == 0 with input as case
	count(policy.unknown) > 0 with input as case
}
