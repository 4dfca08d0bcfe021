"""Pages of campaigns, and what somebody promises there to give."""
