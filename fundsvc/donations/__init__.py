"""Donations: what was given, recorded and booked at once."""
