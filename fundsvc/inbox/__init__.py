"""What others push to us: kept first, as it came, and handled afterwards."""
