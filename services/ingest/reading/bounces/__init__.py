"""Bounces: what mail servers write when a message could not be delivered, or not yet.

Structure first (RFC 3464 and RFC 6533, however broken), then words: a notice in free form is known by who sends it,
what it is called and what it says in one of many languages, and is read by where addresses, codes and statuses stand in
it, not by which program wrote it.
"""

from services.ingest.reading.bounces.failure import Action, Cause, Failure
from services.ingest.reading.bounces.finding import Report, find_report
from services.ingest.reading.bounces.recognition import is_rejection

__all__ = ["Action", "Cause", "Failure", "Report", "find_report", "is_rejection"]
