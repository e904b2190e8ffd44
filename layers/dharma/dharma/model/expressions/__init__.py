"""Terraform's expression syntax: nodes, parser, printer and a three-valued evaluator."""
