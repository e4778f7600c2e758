"""The listing of attacks and the tests know each other."""

import re
from pathlib import Path

TESTS = Path(__file__).parents[1]
LISTING = (TESTS.parent / "docs" / "attacks.md").read_text(encoding="utf-8")
NAMED = set(re.findall(r"`(test_\w+)`", LISTING))


def defined(folder: Path) -> set[str]:
    files = folder.rglob("test_*.py")
    return {
        name
        for file in files
        for name in re.findall(r"^(?:async )?def (test_\w+)", file.read_text("utf-8"), re.MULTILINE)
    }


def test_every_test_that_is_named_exists() -> None:
    assert sorted(NAMED - defined(TESTS)) == []
    corpora = re.findall(r"`tests/fuzz/corpus/([\w/]+)`", LISTING)
    assert corpora
    assert [each for each in corpora if each != "PARSER/" and not (TESTS / "fuzz" / "corpus" / each).exists()] == []


def test_every_attack_is_listed() -> None:
    own = {"test_every_test_that_is_named_exists", "test_every_attack_is_listed"}

    assert sorted(defined(TESTS / "attack") - own - NAMED) == []
