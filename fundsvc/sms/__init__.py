"""SMS donations: campaigns, the messages of operators, and their way into the books."""
