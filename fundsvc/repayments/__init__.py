"""Donations in cash or by bank given back by a payment voucher, which two people sign for."""
