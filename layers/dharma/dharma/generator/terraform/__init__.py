"""Terraform code: its text, and what stands around the resources."""
