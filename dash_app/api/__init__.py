"""The HTTP API under /api; the page uses it, others may."""
