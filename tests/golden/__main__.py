"""`python -m tests.golden` writes the pages anew, from the texts as they are now."""

from tests.golden.pages import pages

for path, page in pages().items():
    path.write_text(page, encoding="utf-8")
