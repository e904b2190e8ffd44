# METADATA
# scope: package
# title: Load balancer listeners encrypt, or redirect to what does
# description: An HTTP listener does nothing but redirect to HTTPS. Listeners of other
#   protocols are not judged here.
# related_resources:
#   - https://docs.aws.amazon.com/elasticloadbalancing/latest/application/create-https-listener.html
#   - https://docs.aws.amazon.com/securityhub/latest/userguide/elb-controls.html#elb-1
# custom:
#   id: aws_lb_listener_https
#   severity: medium
#   category: security
#   kinds: [aws_lb_listener]
#   remediation: Use protocol HTTPS with a certificate, or a default action of type redirect
#     with protocol HTTPS.
package dharma.aws_lb_listener_https

import rego.v1

import data.dharma.lib

fail contains found if {
	some listener in lib.resources("aws_lb_listener")
	lib.value(listener, "protocol", "") == "HTTP"
	not lib.is_unknown(listener, "default_action")
	not redirects(listener)
	found := lib.finding(listener, "protocol", "traffic is served over plain HTTP")
}

unknown contains found if {
	some listener in lib.resources("aws_lb_listener")
	found := lib.undecided(listener, "protocol")
}

unknown contains found if {
	some listener in lib.resources("aws_lb_listener")
	lib.value(listener, "protocol", "") == "HTTP"
	not redirects(listener)
	found := lib.undecided(listener, "default_action")
}

redirects(listener) if {
	some action in lib.elements(listener, "default_action")
	action.redirect.protocol == "HTTPS"
}
