"""Ports of `dharma.core` on one machine."""
