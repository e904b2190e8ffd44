"""State machines, the event bus and schedules on one machine, durably."""
