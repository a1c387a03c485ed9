"""Takes mail in: stored and accounted for before it is acknowledged."""
