"""Functions in child processes that can be killed at their time-out."""
