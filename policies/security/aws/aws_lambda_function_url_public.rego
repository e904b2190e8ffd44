# METADATA
# scope: package
# title: URLs of Lambda functions ask who calls
# description: A URL without authentication may be called by everybody who knows it.
# related_resources:
#   - https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html
# custom:
#   id: aws_lambda_function_url_public
#   severity: high
#   category: security
#   kinds: [aws_lambda_function_url]
#   remediation: Set authorization_type to AWS_IAM, or put an API in front of the function that authorizes its callers.
package dharma.aws_lambda_function_url_public

import rego.v1

import data.dharma.lib

fail contains found if {
	some url in lib.resources("aws_lambda_function_url")
	lib.value(url, "authorization_type", "") == "NONE"
	found := lib.finding(url, "authorization_type", "everybody may call the function")
}

unknown contains found if {
	some url in lib.resources("aws_lambda_function_url")
	found := lib.undecided(url, "authorization_type")
}
