"""What every capability stands on: errors, settings, the store, events, clock and ids."""
