"""Regular dues and base fund contributions, as totals of a unit and a month."""
