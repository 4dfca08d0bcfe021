"""What strangers see: verification of receipts."""
