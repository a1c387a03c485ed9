"""The form of a ticketbox: what strangers write on a web page. Pure; the pages are in `pages/forms.py`."""
