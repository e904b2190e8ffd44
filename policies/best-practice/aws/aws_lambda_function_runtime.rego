# METADATA
# scope: package
# title: Lambda functions run on a supported runtime
# description: AWS no longer mends a deprecated runtime, and after a while refuses new functions and
#   updates with it. The list is that of the Lambda developer guide on 2026-11-28; functions
#   from an image have no runtime.
# related_resources:
#   - https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtimes.html
#   - https://docs.aws.amazon.com/securityhub/latest/userguide/lambda-controls.html#lambda-2
# custom:
#   id: aws_lambda_function_runtime
#   severity: medium
#   category: best-practice
#   kinds: [aws_lambda_function]
#   remediation: Move the function to a runtime that is still supported.
package dharma.aws_lambda_function_runtime

import rego.v1

import data.dharma.lib

fail contains found if {
	some function in lib.resources("aws_lambda_function")
	runtime := lib.value(function, "runtime", "")
	runtime in deprecated
	found := lib.finding(function, "runtime", sprintf("%s gets no security updates any more", [runtime]))
}

unknown contains found if {
	some function in lib.resources("aws_lambda_function")
	found := lib.undecided(function, "runtime")
}

deprecated := {
	"dotnet6", "dotnet8", "dotnet9", "dotnetcore1.0", "dotnetcore2.0", "dotnetcore2.1",
	"dotnetcore3.1", "go1.x", "java8", "nodejs", "nodejs10.x", "nodejs12.x", "nodejs14.x",
	"nodejs16.x", "nodejs18.x", "nodejs20.x", "nodejs4.3", "nodejs4.3-edge", "nodejs6.10",
	"nodejs8.10", "provided", "provided.al2", "python2.7", "python3.10", "python3.6", "python3.7",
	"python3.8", "python3.9", "ruby2.5", "ruby2.7", "ruby3.2",
}
