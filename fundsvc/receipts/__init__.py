"""Receipts: gapless numbers, frozen facts, frozen PDF, and their verification."""
