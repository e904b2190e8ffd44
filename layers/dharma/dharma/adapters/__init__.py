"""What stands behind the ports; named only in `dharma.bootstrap`."""
