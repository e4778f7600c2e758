"""The service: what it knows, what it needs, what it does, and its face."""
