"""Where the console is."""

PREFIX = "/can-bo"
