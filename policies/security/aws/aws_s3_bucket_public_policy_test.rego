package dharma.aws_s3_bucket_public_policy_test

import rego.v1

import data.dharma.aws_s3_bucket_public_policy as policy
import data.dharma.example

test_no_policy_passes if {
	case := example.of("aws_s3_bucket", {})
	count(policy.fail) == 0 with input as case
	count(policy.unknown) == 0 with input as case
}

test_everybody_fails if {
	case := example.of("aws_s3_bucket", {"policy": {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*", "Principal": "*"}]}})
	count(policy.fail) > 0 with input as case
}

test_everybody_in_the_long_form_fails if {
	case := example.of("aws_s3_bucket", {"policy": {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*", "Principal": {"AWS": ["*"]}}]}})
	count(policy.fail) > 0 with input as case
}

test_everybody_but_one_fails if {
	case := example.of("aws_s3_bucket", {"policy": {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*", "NotPrincipal": {"AWS": "arn:aws:iam::111122223333:root"}}]}})
	count(policy.fail) > 0 with input as case
}

test_one_statement_without_brackets_fails if {
	case := example.of("aws_s3_bucket", {"policy": {"Statement": {"Effect": "Allow", "Principal": "*", "Action": ["s3:GetObject"], "Resource": "*"}}})
	count(policy.fail) > 0 with input as case
}

test_another_account_passes if {
	case := example.of("aws_s3_bucket", {"policy": {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*", "Principal": {"AWS": "arn:aws:iam::111122223333:root"}}]}})
	count(policy.fail) == 0 with input as case
	count(policy.unknown) == 0 with input as case
}

test_a_service_passes if {
	case := example.of("aws_s3_bucket", {"policy": {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*", "Principal": {"Service": "cloudtrail.amazonaws.com"}}]}})
	count(policy.fail) == 0 with input as case
	count(policy.unknown) == 0 with input as case
}

test_everybody_of_an_organisation_passes if {
	case := example.of("aws_s3_bucket", {"policy": {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*", "Principal": "*", "Condition": {"StringEquals": {"aws:PrincipalOrgID": "o-1234567890"}}}]}})
	count(policy.fail) == 0 with input as case
	count(policy.unknown) == 0 with input as case
}

test_everybody_from_an_endpoint_passes if {
	case := example.of("aws_s3_bucket", {"policy": {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*", "Principal": "*", "Condition": {"StringEquals": {"aws:SourceVpce": "vpce-1"}}}]}})
	count(policy.fail) == 0 with input as case
	count(policy.unknown) == 0 with input as case
}

test_everybody_from_every_address_fails if {
	case := example.of("aws_s3_bucket", {"policy": {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*", "Principal": "*", "Condition": {"IpAddress": {"aws:SourceIp": ["0.0.0.0/0"]}}}]}})
	count(policy.fail) > 0 with input as case
}

test_everybody_but_from_an_address_fails if {
	case := example.of("aws_s3_bucket", {"policy": {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*", "Principal": "*", "Condition": {"NotIpAddress": {"aws:SourceIp": "192.0.2.0/24"}}}]}})
	count(policy.fail) > 0 with input as case
}

test_everybody_over_tls_fails if {
	case := example.of("aws_s3_bucket", {"policy": {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*", "Principal": "*", "Condition": {"Bool": {"aws:SecureTransport": "true"}}}]}})
	count(policy.fail) > 0 with input as case
}

test_a_denial_for_everybody_passes if {
	case := example.of("aws_s3_bucket", {"policy": {"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "s3:GetObject", "Resource": "*", "Principal": "*"}]}})
	count(policy.fail) == 0 with input as case
	count(policy.unknown) == 0 with input as case
}

test_a_principal_that_comes_later_is_unknown if {
	case := example.hidden("aws_s3_bucket", {"policy": {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}]}}, {"policy.Statement.0.Principal": "known after apply"})
	count(policy.fail) == 0 with input as case
	count(policy.unknown) > 0 with input as case
}

test_text_that_is_no_document_is_unknown if {
	case := example.of("aws_s3_bucket", {"policy": "see the wiki"})
	count(policy.fail) == 0 with input as case
	count(policy.unknown) > 0 with input as case
}

test_a_resource_that_comes_later_for_an_account_passes if {
	case := example.hidden("aws_s3_bucket", {"policy": {"Statement": [{"Effect": "Allow", "Principal": {"AWS": "aws_iam_role.web"}, "Action": "s3:GetObject"}]}}, {"policy.Statement.0.Resource": "known after apply"})
	count(policy.fail) == 0 with input as case
	count(policy.unknown) == 0 with input as case
}

test_a_condition_that_comes_later_for_a_service_passes if {
	case := example.hidden("aws_s3_bucket", {"policy": {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*", "Principal": {"Service": "logging.s3.amazonaws.com"}, "Condition": {}}]}}, {"policy.Statement.0.Condition.StringEquals": "known after apply"})
	count(policy.fail) == 0 with input as case
	count(policy.unknown) == 0 with input as case
}

test_a_condition_that_comes_later_for_everybody_is_no_pass if {
	case := example.hidden("aws_s3_bucket", {"policy": {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*", "Principal": "*", "Condition": {"StringEquals": {}}}]}}, {"policy.Statement.0.Condition.StringEquals.aws:SourceVpce": "known after apply"})
	count(policy.unknown) > 0 with input as case
}

test_a_denial_of_something_that_comes_later_passes if {
	case := example.hidden("aws_s3_bucket", {"policy": {"Statement": [{"Effect": "Deny", "Principal": {}}]}}, {"policy.Statement.0.Principal.AWS": "known after apply"})
	count(policy.fail) == 0 with input as case
	count(policy.unknown) == 0 with input as case
}

test_a_single_statement_with_a_principal_that_comes_later_is_unknown if {
	case := example.hidden("aws_s3_bucket", {"policy": {"Statement": {"Effect": "Allow", "Action": "s3:*"}}}, {"policy.Statement.Principal": "known after apply"})
	count(policy.fail) == 0 with input as case
	count(policy.unknown) > 0 with input as case
}

test_a_policy_that_comes_later_is_unknown if {
	case := example.hidden("aws_s3_bucket", {}, {"policy": "known after apply"})
	count(policy.fail) == 0 with input as case
	count(policy.unknown) > 0 with input as case
}

test_statements_that_come_later_are_unknown if {
	case := example.hidden("aws_s3_bucket", {"policy": {}}, {"policy.Statement": "known after apply"})
	count(policy.fail) == 0 with input as case
	count(policy.unknown) > 0 with input as case
}

test_a_statement_that_comes_later_is_unknown if {
	case := example.hidden("aws_s3_bucket", {"policy": {"Statement": [null]}}, {"policy.Statement.0": "known after apply"})
	count(policy.fail) == 0 with input as case
	count(policy.unknown) > 0 with input as case
}
