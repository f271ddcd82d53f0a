"""The trend of a coin by its daily closes, and how large a position it allows."""
