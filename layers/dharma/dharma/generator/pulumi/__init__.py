"""Pulumi programs: names of the SDKs, a syntax tree, and its two printers."""
