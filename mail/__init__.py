"""Mail on the wire, for the services that write it."""
