# METADATA
# scope: package
# title: A deployment does not delete data
# description: A plan that deletes or replaces a resource that keeps data needs consent; the
#   parameter `allow` lists the addresses for which it was given.
# related_resources:
#   - https://developer.hashicorp.com/terraform/language/meta-arguments/lifecycle#prevent_destroy
# custom:
#   id: data_loss
#   severity: critical
#   category: best-practice
#   needs: [plan]
#   remediation: Undo the change that causes it, or add the address to the parameter `allow` of
#     this policy.
package dharma.data_loss

import rego.v1

import data.dharma.lib

allowed := lib.parameter("data_loss", "allow", [])

fail contains found if {
	some change in input.plan.changes
	change.losesData
	not change.address in allowed
	found := {
		"address": change.address,
		"msg": sprintf("the plan will %s it, and with it what it keeps", [change.action]),
	}
}
