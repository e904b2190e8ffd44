"""CloudFormation templates: parameters, conditions, intrinsics, and nested stacks."""
