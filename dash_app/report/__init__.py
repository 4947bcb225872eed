"""What is printed and sent around: the page of a scenario with its plots."""
