# METADATA
# scope: package
# title: Launch templates require version 2 of the metadata service
# description: Version 1 hands the role's credentials to any request that a server can be
#   tricked into making. Where the template does not say http_tokens, the account's
#   default or the image decides; a template is only safe everywhere if it says so
#   itself.
# related_resources:
#   - https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/configuring-instance-metadata-options.html
#   - https://docs.aws.amazon.com/securityhub/latest/userguide/autoscaling-controls.html#autoscaling-3
# custom:
#   id: aws_launch_template_imdsv2
#   severity: high
#   category: security
#   kinds: [aws_launch_template]
#   remediation: Set metadata_options.http_tokens to required.
package dharma.aws_launch_template_imdsv2

import rego.v1

import data.dharma.lib

fail contains found if {
	some template in lib.resources("aws_launch_template")
	lib.value(template, "metadata_options.http_endpoint", "enabled") != "disabled"
	lib.value(template, "metadata_options.http_tokens", "optional") != "required"
	found := lib.finding(template, "metadata_options.http_tokens", "requests without a session token are answered")
}

unknown contains found if {
	some template in lib.resources("aws_launch_template")
	object.get(template.properties, ["metadata_options", "http_endpoint"], "enabled") != "disabled"
	found := lib.undecided(template, "metadata_options.http_tokens")
}

unknown contains found if {
	some template in lib.resources("aws_launch_template")
	object.get(template.properties, ["metadata_options", "http_tokens"], "optional") != "required"
	found := lib.undecided(template, "metadata_options.http_endpoint")
}
