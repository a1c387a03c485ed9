"""Rules of the house that several services go by, pure: business hours, and the conditions of routing."""
