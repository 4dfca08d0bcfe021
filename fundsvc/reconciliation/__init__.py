"""The bank: its accounts, its statement files, and every line of them booked as it comes in."""
