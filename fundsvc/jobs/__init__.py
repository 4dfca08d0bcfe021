"""Jobs: work too long for a request, done in the background and taken up again after a crash."""
