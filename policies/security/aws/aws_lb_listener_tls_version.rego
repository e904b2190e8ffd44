# METADATA
# scope: package
# title: Load balancer listeners refuse TLS older than 1.2
# description: The security policy of a listener decides which TLS versions it accepts. Made
#   without one through the API, as Terraform and CloudFormation do, a listener gets
#   ELBSecurityPolicy-2016-08, which accepts TLS 1.0.
# related_resources:
#   - https://docs.aws.amazon.com/elasticloadbalancing/latest/application/describe-ssl-policies.html
# custom:
#   id: aws_lb_listener_tls_version
#   severity: medium
#   category: security
#   kinds: [aws_lb_listener]
#   remediation: Set ssl_policy to ELBSecurityPolicy-TLS13-1-2-2021-06 or a newer one.
package dharma.aws_lb_listener_tls_version

import rego.v1

import data.dharma.lib

# Policies that accept TLS 1.0 or 1.1.
outdated(name) if name in {
	"", "ELBSecurityPolicy-2015-05", "ELBSecurityPolicy-2016-08", "ELBSecurityPolicy-FS-2018-06",
	"ELBSecurityPolicy-TLS-1-0-2015-04", "ELBSecurityPolicy-TLS-1-1-2017-01",
	"ELBSecurityPolicy-FS-1-1-2019-08",
}

outdated(name) if startswith(name, "ELBSecurityPolicy-TLS13-1-0-")

outdated(name) if startswith(name, "ELBSecurityPolicy-TLS13-1-1-")

fail contains found if {
	some listener in lib.resources("aws_lb_listener")
	lib.value(listener, "protocol", "") in {"HTTPS", "TLS"}
	policy := lib.value(listener, "ssl_policy", "")
	outdated(policy)
	found := lib.finding(listener, "ssl_policy", sprintf("%s accepts TLS older than 1.2", [named(policy)]))
}

unknown contains found if {
	some listener in lib.resources("aws_lb_listener")
	lib.value(listener, "protocol", "") in {"HTTPS", "TLS"}
	found := lib.undecided(listener, "ssl_policy")
}

unknown contains found if {
	some listener in lib.resources("aws_lb_listener")
	found := lib.undecided(listener, "protocol")
}

named(policy) := policy if policy != ""

named("") := "the default policy, ELBSecurityPolicy-2016-08,"
