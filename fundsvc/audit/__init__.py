"""Who did what: a log beside the books, for acts that are not entries."""
