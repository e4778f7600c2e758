"""What must hold for the repository as a whole."""

import ast
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

PROJECT = tomllib.loads(Path("pyproject.toml").read_text(encoding="utf-8"))
CODE = [path for package in ("bot", "adapters", "storage") for path in Path(package).rglob("*.py")]


def test_the_two_commands_of_the_readmes_exist() -> None:
    targets = set(re.findall(r"(?m)^([a-z]+):", Path("Makefile").read_text(encoding="utf-8")))

    for name in ("README.md", "README.vi.md"):
        text = Path(name).read_text(encoding="utf-8")
        assert set(re.findall(r"`?make ([a-z]+)", text)) <= targets
        assert "make demo" in text
        assert "make test" in text


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-dev.lock"])
def test_every_locked_library_has_hashes_and_no_address(lock: str) -> None:
    text = Path(lock).read_text(encoding="utf-8")
    blocks = re.split(r"(?m)^(?=[a-z])", text)[1:]

    assert len(blocks) > 20
    assert [block.split()[0] for block in blocks if "--hash=sha256:" not in block] == []
    assert re.search(r"https?://|--index-url|--find-links", text) is None


def test_every_library_the_code_needs_is_locked() -> None:
    locked = set(re.findall(r"(?m)^([a-z0-9-]+)==", Path("requirements.lock").read_text(encoding="utf-8")))
    wanted = {re.split(r"[>=\[]", each)[0] for each in PROJECT["project"]["dependencies"]}

    assert wanted <= locked


@pytest.mark.parametrize("path", CODE, ids=str)
def test_every_module_opens_with_what_the_reader_gets(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    if text.strip():
        assert ast.get_docstring(ast.parse(text)), "a module begins with a sentence"
        assert text.count("\n") <= 320, "a reader should not meet more than 300 lines"


def test_words_sql_and_pages_travel_with_the_wheel(tmp_path: Path) -> None:
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)],
        check=True,
        capture_output=True,
    )
    (wheel,) = tmp_path.glob("*.whl")
    listed = subprocess.run(
        [sys.executable, "-m", "zipfile", "-l", str(wheel)], check=True, capture_output=True, text=True
    )

    for name in (
        "bot/texts/vi/push.toml",
        "bot/texts/en/rights.toml",
        "bot/conversation/words.toml",
        "storage/migrations/0001_first.sql",
        "storage/sql/outbox.sql",
        "bot/web/templates/public.html",
        "bot/web/static/page.css",
    ):
        assert name in listed.stdout
