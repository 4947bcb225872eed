"""Parts of the page: pure functions from values to a component tree."""
