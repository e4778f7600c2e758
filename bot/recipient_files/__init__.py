"""Lists of people as offices keep them: CSV, Excel and OpenDocument files, read without trust."""
