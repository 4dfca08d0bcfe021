"""Units of the association and the provinces of both schemes."""
