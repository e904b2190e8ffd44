"""Priced kinds of AWS, one file each."""
