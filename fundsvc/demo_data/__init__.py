"""Made-up data of the demo year; no real person, unit or account."""
