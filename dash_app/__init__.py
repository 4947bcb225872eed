"""What people see: the web page and the command line."""
