"""Months of a unit's books: closing, reopening by two people, openings, and the year's end."""
