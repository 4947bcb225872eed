"""What a planner works with: scenarios at hand, runs, edits, previews; no page, no HTTP."""
