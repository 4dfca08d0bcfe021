"""Vouchers: drafted by one person, approved by another, numbered without gaps when posted."""
