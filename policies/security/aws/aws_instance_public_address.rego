# METADATA
# scope: package
# title: Instances have no public address
# description: A server with a public address can be reached from the internet as soon as a security
#   group allows it. Behind a load balancer, a NAT gateway or Session Manager it needs none.
#   Where nothing is said the subnet decides, and is judged there.
# related_resources:
#   - https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/using-instance-addressing.html
#   - https://docs.aws.amazon.com/securityhub/latest/userguide/ec2-controls.html#ec2-9
# custom:
#   id: aws_instance_public_address
#   severity: medium
#   category: security
#   kinds: [aws_instance]
#   remediation: Set associate_public_ip_address to false.
package dharma.aws_instance_public_address

import rego.v1

import data.dharma.lib


fail contains found if {
	some instance in lib.resources("aws_instance")
	lib.value(instance, "associate_public_ip_address", false) == true
	found := lib.finding(instance, "associate_public_ip_address", "the instance gets a public address")
}

unknown contains found if {
	some instance in lib.resources("aws_instance")
	found := lib.undecided(instance, "associate_public_ip_address")
}
