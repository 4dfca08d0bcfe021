"""Settlements of operators: what we counted, what they report, what the bank received."""
