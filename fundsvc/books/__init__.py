"""The journal: the only room that touches entries and postings."""
