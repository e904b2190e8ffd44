# METADATA
# scope: package
# title: The month stays within the budget
# description: The estimated month does not cost more than the parameter `amount`, in the
#   currency of the estimate. What has no price is not in the sum, so a sum within
#   the budget with such resources is unknown.
# related_resources:
#   - https://docs.aws.amazon.com/cost-management/latest/userguide/budgets-managing-costs.html
# custom:
#   id: monthly_budget
#   severity: high
#   category: cost
#   needs: [cost, parameters.monthly_budget]
#   remediation: Choose cheaper resources, or have the budget raised.
package dharma.monthly_budget

import rego.v1

import data.dharma.lib

amount := lib.parameter("monthly_budget", "amount", 0)

total := to_number(input.cost.totalMonthlyCost)

# What has no price, and what is paid by a use that nobody told.
unpriced := sum([count(object.get(input.cost, part, [])) | some part in ["unpriced", "usageBased"]])

fail contains found if {
	total > amount
	currency := object.get(input.cost, "currency", "USD")
	found := {"msg": sprintf("the month costs %.2f %s, the budget is %.2f", [total, currency, amount])}
}

unknown contains found if {
	total <= amount
	unpriced > 0
	found := {"msg": sprintf("the sum of %.2f leaves out %d components without a price or a known use", [total, unpriced])}
}
