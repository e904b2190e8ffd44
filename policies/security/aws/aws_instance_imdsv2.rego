# METADATA
# scope: package
# title: Instances require version 2 of the metadata service
# description: Version 1 hands the credentials of the instance's role to any request that a server can be
#   tricked into making. Where the instance follows a launch template and says nothing itself,
#   the template is judged instead.
# related_resources:
#   - https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/configuring-instance-metadata-options.html
#   - https://docs.aws.amazon.com/securityhub/latest/userguide/ec2-controls.html#ec2-8
# custom:
#   id: aws_instance_imdsv2
#   severity: high
#   category: security
#   kinds: [aws_instance]
#   remediation: Set metadata_options.http_tokens to required.
package dharma.aws_instance_imdsv2

import rego.v1

import data.dharma.lib


fail contains found if {
	some instance in lib.resources("aws_instance")
	lib.value(instance, "metadata_options.http_endpoint", "enabled") != "disabled"
	lib.value(instance, "metadata_options.http_tokens", default_tokens(instance)) == "optional"
	found := lib.finding(instance, "metadata_options.http_tokens", "requests without a session token are answered")
}

unknown contains found if {
	some instance in lib.resources("aws_instance")
	object.get(instance.properties, ["metadata_options", "http_endpoint"], "enabled") != "disabled"
	found := lib.undecided(instance, "metadata_options.http_tokens")
}

unknown contains found if {
	some instance in lib.resources("aws_instance")
	object.get(instance.properties, ["metadata_options", "http_tokens"], default_tokens(instance)) == "optional"
	found := lib.undecided(instance, "metadata_options.http_endpoint")
}

# What holds where the instance does not say it.
default_tokens(instance) := "of the launch template" if object.get(instance.properties, "launch_template", null) != null

default_tokens(instance) := "optional" if object.get(instance.properties, "launch_template", null) == null
