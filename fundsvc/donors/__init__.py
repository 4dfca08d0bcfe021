"""Donors: the persons and organisations that give."""
