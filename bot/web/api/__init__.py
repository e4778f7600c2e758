"""The API for other software of the office, below `/api/v1`."""
