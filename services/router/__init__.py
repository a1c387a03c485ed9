"""Decides where a message goes, by the ruleset in force, and who gets a ticket."""
