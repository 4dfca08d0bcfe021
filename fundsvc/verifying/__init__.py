"""What `fundsvc verify` compares across slices: rows, entries, papers and the log of acts."""
