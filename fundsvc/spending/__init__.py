"""Payments: what a fund of a unit was spent on."""
