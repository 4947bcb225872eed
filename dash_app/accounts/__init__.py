"""Who may do what: accounts, sessions, sign-in, the log of changes."""
