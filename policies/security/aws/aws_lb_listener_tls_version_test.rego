package dharma.aws_lb_listener_tls_version_test

import rego.v1

import data.dharma.aws_lb_listener_tls_version as policy
import data.dharma.example

test_tls_1_2_passes if {
	case := example.of("aws_lb_listener", {"protocol": "HTTPS", "ssl_policy": "ELBSecurityPolicy-TLS13-1-2-2021-06"})
	count(policy.fail) == 0 with input as case
	count(policy.unknown) == 0 with input as case
}

test_tls_1_2_only_passes if {
	case := example.of("aws_lb_listener", {"protocol": "TLS", "ssl_policy": "ELBSecurityPolicy-TLS-1-2-2017-01"})
	count(policy.fail) == 0 with input as case
	count(policy.unknown) == 0 with input as case
}

test_the_default_fails if {
	case := example.of("aws_lb_listener", {"protocol": "HTTPS"})
	count(policy.fail) > 0 with input as case
}

test_tls_1_0_fails if {
	case := example.of("aws_lb_listener", {"protocol": "HTTPS", "ssl_policy": "ELBSecurityPolicy-TLS13-1-0-2021-06"})
	count(policy.fail) > 0 with input as case
}

test_http_passes if {
	case := example.of("aws_lb_listener", {"protocol": "HTTP"})
	count(policy.fail) == 0 with input as case
	count(policy.unknown) == 0 with input as case
}

test_a_policy_that_comes_later_is_unknown if {
	case := example.hidden("aws_lb_listener", {"protocol": "HTTPS"}, {"ssl_policy": "known after apply"})
	count(policy.fail) == 0 with input as case
	count(policy.unknown) > 0 with input as case
}

test_a_protocol_that_comes_later_is_unknown if {
	case := example.hidden("aws_lb_listener", {}, {"protocol": "known after apply"})
	count(policy.fail) == 0 with input as case
	count(policy.unknown) > 0 with input as case
}

test_tls_1_1_fails if {
	case := example.of("aws_lb_listener", {"protocol": "TLS", "ssl_policy": "ELBSecurityPolicy-FS-1-1-2019-08"})
	count(policy.fail) > 0 with input as case
}

test_an_old_tls_1_0_fails if {
	case := example.of("aws_lb_listener", {"protocol": "TLS", "ssl_policy": "ELBSecurityPolicy-TLS-1-0-2015-04"})
	count(policy.fail) > 0 with input as case
}

test_a_policy_that_comes_later_on_http_passes if {
	case := example.hidden("aws_lb_listener", {"protocol": "HTTP"}, {"ssl_policy": "known after apply"})
	count(policy.fail) == 0 with input as case
	count(policy.unknown) == 0 with input as case
}
