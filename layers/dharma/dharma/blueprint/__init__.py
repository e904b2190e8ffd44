"""The blueprint: read, checked, resolved, compared, versioned."""
