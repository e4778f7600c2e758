"""Where the staff work: pages under `/can-bo/`, for those who have logged in and have the right."""
