"""Files kept as evidence, named by their SHA-256."""
