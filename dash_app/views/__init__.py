"""Views of results on the map: values by row, scales, what measures add."""
