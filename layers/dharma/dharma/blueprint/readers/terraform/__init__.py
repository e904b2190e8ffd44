"""Terraform code: HCL and its JSON form."""
