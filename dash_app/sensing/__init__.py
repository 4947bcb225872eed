"""What sensors say, as somebody may see it: lists, values, the day played again, news of it."""
