"""What `docs` shows: the product's own data, read when it is asked for, so that nothing drifts."""
