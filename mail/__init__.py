"""Mail, for the services that write it or say whether it is written."""
