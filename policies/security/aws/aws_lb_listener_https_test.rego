package dharma.aws_lb_listener_https_test

import rego.v1

import data.dharma.aws_lb_listener_https as policy
import data.dharma.example

test_https_passes if {
	case := example.of("aws_lb_listener", {"protocol": "HTTPS"})
	count(policy.fail) == 0 with input as case
	count(policy.unknown) == 0 with input as case
}

test_tcp_passes if {
	case := example.of("aws_lb_listener", {"protocol": "TCP"})
	count(policy.fail) == 0 with input as case
	count(policy.unknown) == 0 with input as case
}

test_http_fails if {
	case := example.of("aws_lb_listener", {"protocol": "HTTP", "default_action": [{"type": "forward", "target_group_arn": "aws_lb_target_group.web"}]})
	count(policy.fail) > 0 with input as case
}

test_a_redirect_to_https_passes if {
	case := example.of("aws_lb_listener", {"protocol": "HTTP", "default_action": [{"type": "redirect", "redirect": {"protocol": "HTTPS", "port": "443", "status_code": "HTTP_301"}}]})
	count(policy.fail) == 0 with input as case
	count(policy.unknown) == 0 with input as case
}

test_a_redirect_to_http_fails if {
	case := example.of("aws_lb_listener", {"protocol": "HTTP", "default_action": [{"type": "redirect", "redirect": {"protocol": "HTTP", "port": "8080"}}]})
	count(policy.fail) > 0 with input as case
}

test_a_protocol_that_comes_later_is_unknown if {
	case := example.hidden("aws_lb_listener", {}, {"protocol": "known after apply"})
	count(policy.fail) == 0 with input as case
	count(policy.unknown) > 0 with input as case
}

test_an_action_that_comes_later_is_unknown if {
	case := example.hidden("aws_lb_listener", {"protocol": "HTTP", "default_action": [{"type": "redirect", "redirect": {}}]}, {"default_action.0.redirect.protocol": "known after apply"})
	count(policy.fail) == 0 with input as case
	count(policy.unknown) > 0 with input as case
}

test_an_action_that_comes_later_behind_https_passes if {
	case := example.hidden("aws_lb_listener", {"protocol": "HTTPS"}, {"default_action": "known after apply"})
	count(policy.fail) == 0 with input as case
	count(policy.unknown) == 0 with input as case
}

test_a_redirect_with_a_detail_that_comes_later_passes if {
	case := example.hidden("aws_lb_listener", {"protocol": "HTTP", "default_action": [{"type": "redirect", "redirect": {"protocol": "HTTPS"}}]}, {"default_action.0.redirect.host": "known after apply"})
	count(policy.fail) == 0 with input as case
	count(policy.unknown) == 0 with input as case
}
