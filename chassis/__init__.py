"""What every service stands on: settings, log, bus, projections, telemetry, lifecycle. Knows no mail, no ticket."""
