"""CloudFormation templates, and what AWS's SAM transform makes of them."""
