"""The language between services: events, commands, queries, streams. pydantic only: no I/O, no settings."""
