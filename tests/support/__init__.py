"""What tests stand on: databases, people signed in, a clock that stands still."""
