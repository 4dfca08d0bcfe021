"""The first page, the search box and the pages of units: what a person sees before anything."""
