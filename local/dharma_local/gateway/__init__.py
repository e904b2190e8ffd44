"""The HTTP API on one machine: API Gateway's events in, the functions' answers out."""
