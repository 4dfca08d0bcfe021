"""The outbox: letters that wait until they can be sent, each once."""
