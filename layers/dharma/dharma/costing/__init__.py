"""What a blueprint costs: price components per kind, priced from a dated, sourced price book."""
