"""A real PostgreSQL and a real nats-server, from wheels, for one machine without anything installed."""
