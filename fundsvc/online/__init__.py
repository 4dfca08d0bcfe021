"""Donations by card through Stripe: paid, refunded, disputed, paid out to the bank."""
