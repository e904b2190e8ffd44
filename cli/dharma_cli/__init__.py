"""The command line: `iac-dharma`, short `dharma`."""
