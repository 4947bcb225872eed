"""Charts: pure functions from tables to drawings with axes, words and a table of the same."""
