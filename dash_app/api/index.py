"""A plain page that lists the addresses of the API, for people; without scripts."""
