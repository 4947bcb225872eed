"""What people open in the browser."""
