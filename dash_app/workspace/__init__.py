"""What a planner works with: who looks, scenarios at hand, runs, edits, previews; no page, no HTTP."""
