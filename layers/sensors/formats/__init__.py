"""Formats of services that many towns read, known here so that nobody has to map them."""
