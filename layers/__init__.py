"""The outside world, both ways: every source and every file format has one module here."""
