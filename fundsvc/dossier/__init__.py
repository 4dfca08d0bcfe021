"""All that is known of one donor: found, shown, corrected, merged, handed out, forgotten."""
