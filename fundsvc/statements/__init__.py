"""Statements: what a fund had, received, spent and has left, as page, document and data."""
