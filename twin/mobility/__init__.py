"""Who travels where, on what, and what a measure on the street changes."""
