"""Seals of the books: made, listed, proved, and checked against what was published."""
