"""What the benchmarks share: databases, made-up books, the table of results."""
