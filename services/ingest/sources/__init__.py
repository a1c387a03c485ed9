"""Mailboxes elsewhere from which mail is fetched, by IMAP and POP3."""
