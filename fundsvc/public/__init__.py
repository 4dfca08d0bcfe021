"""What strangers see: verification of receipts, and receipts for messages."""
