"""The door: SMTP (RFC 5321) and LMTP (RFC 2033). Only `server` and `certificate` touch the network and the disk."""
