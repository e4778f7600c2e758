"""What the service is made of: libraries locked once, with licences we may use; and nothing secret among our files."""

import importlib.metadata
import json
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from detect_secrets.plugins.aws import AWSKeyDetector
from detect_secrets.plugins.base import BasePlugin
from detect_secrets.plugins.basic_auth import BasicAuthDetector
from detect_secrets.plugins.github_token import GitHubTokenDetector
from detect_secrets.plugins.gitlab_token import GitLabTokenDetector
from detect_secrets.plugins.high_entropy_strings import Base64HighEntropyString, HexHighEntropyString
from detect_secrets.plugins.jwt import JwtTokenDetector
from detect_secrets.plugins.private_key import PrivateKeyDetector
from detect_secrets.plugins.slack import SlackDetector
from detect_secrets.plugins.telegram_token import TelegramBotTokenDetector

LOCK, DEV_LOCK = Path("requirements.lock"), Path("requirements-dev.lock")

LICENCES = {
    "MIT": "permissive: keep the notice",
    "MIT-0": "permissive, not even a notice",
    "0BSD": "permissive, not even a notice",
    "ISC": "permissive: keep the notice",
    "BSD-2-Clause": "permissive: keep the notice",
    "BSD-3-Clause": "permissive: keep the notice, do not use the authors' names",
    "Apache-2.0": "permissive, with a grant of patents",
    "PSF-2.0": "permissive: Python's own",
    "Unlicense": "public domain",
    "MPL-2.0": "weak copyleft by file: used unchanged, so nothing of ours is touched",
    "LGPL-2.1-only": "weak copyleft: used unchanged as a library that can be replaced, from its own package",
    "LGPL-3.0-only": "weak copyleft: the same",
}
"""Licences (SPDX) that a library of ours may have, and why. Whoever adds one has read it."""

_SAID_AS = {
    "MIT License": "MIT", "ISC License (ISCL)": "ISC", "Apache Software License": "Apache-2.0",
    "Apache 2.0": "Apache-2.0",
    "BSD License": "BSD-3-Clause", "BSD": "BSD-3-Clause", "Python Software Foundation License": "PSF-2.0",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0", "The Unlicense (Unlicense)": "Unlicense",
    "GNU Lesser General Public License v3 (LGPLv3)": "LGPL-3.0-only",
}  # fmt: skip
"""What older packages say instead of an SPDX name."""
_ELSEWHERE = {"colorama": "BSD-3-Clause", "tomli": "MIT", "pywin32": "PSF-2.0"}
"""Libraries that are installed on other systems or older Pythons alone."""


def locked(path: Path) -> list[tuple[str, str]]:
    return re.findall(r"(?m)^([A-Za-z0-9._-]+)==([^ ;\\]+)", path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("path", [LOCK, DEV_LOCK], ids=str)
def test_no_library_is_locked_twice(path: Path) -> None:
    names = [name for name, _ in locked(path)]

    assert len(names) > 40
    assert sorted(set(names)) == sorted(names)


def test_what_is_tested_is_what_is_installed() -> None:
    """Each library of the service stands in both lock files, in the same version and with the same hashes."""

    def blocks(path: Path) -> dict[str, set[str]]:
        found = re.split(r"(?m)^(?=[A-Za-z])", path.read_text(encoding="utf-8"))[1:]
        return {block.split()[0]: set(re.findall(r"--hash=(\S+)", block)) for block in found}

    service, development = blocks(LOCK), blocks(DEV_LOCK)

    assert {name for name in service if name not in development} == set()
    assert {name for name, hashes in service.items() if hashes != development[name]} == set()


def licences_of(name: str) -> set[str]:
    """By SPDX name; what nobody knows as it stands."""
    try:
        said = importlib.metadata.metadata(name)
    except importlib.metadata.PackageNotFoundError:
        return {_ELSEWHERE.get(name, f"not installed: {name}")}
    if expression := said.get("License-Expression"):
        return set(re.split(r" (?:AND|OR) ", expression))
    classes = [
        each.rpartition("::")[2].strip() for each in said.get_all("Classifier") or () if each.startswith("License")
    ]
    known = {_SAID_AS[each] for each in classes if each in _SAID_AS}
    text = (said.get("License") or "").strip()
    return known or {_SAID_AS.get(text, text) or "none named"}


@pytest.mark.parametrize("path", [LOCK, DEV_LOCK], ids=str)
def test_every_licence_is_one_that_we_have_read(path: Path) -> None:
    unknown = {name: found for name, _ in locked(path) if not (found := licences_of(name)) <= LICENCES.keys()}

    assert unknown == {}


def test_no_licence_is_allowed_in_advance() -> None:
    used = {licence for name, _ in locked(DEV_LOCK) for licence in licences_of(name)}

    assert LICENCES.keys() - used <= {"Unlicense"}
    assert not any(re.search("AGPL|(?<!L)GPL", licence) for licence in LICENCES)


def test_the_bill_of_materials_lists_exactly_what_is_locked(tmp_path: Path) -> None:
    """By the command of `make sbom`, which CI runs."""
    targets = Path("Makefile").read_text(encoding="utf-8")
    (command,) = re.findall(r"(?m)^\t@?(?:\w+=\w+ )?\$\(BIN\)/(cyclonedx-py .*)$", targets)
    target = tmp_path / "sbom.json"
    program, *words = command.split()
    words = [str(target) if each == "dist/sbom.json" else each for each in words]
    subprocess.run([Path(sys.executable).parent / program, *words], check=True, capture_output=True)

    written = target.read_text(encoding="utf-8")
    found = json.loads(written)
    listed = {(each["name"], each["version"]) for each in found["components"]}
    hashed = [each["name"] for each in found["components"] if '"SHA-256"' in json.dumps(each)]

    assert str(target) in words
    assert JsonStrictValidator(SchemaVersion.from_version(found["specVersion"])).validate_str(written) is None
    assert listed == set(locked(LOCK))
    assert len(hashed) == len(listed)
    project = tomllib.loads(Path("pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert found["metadata"]["component"]["name"] == project["name"]


# Secrets

DETECTORS: tuple[BasePlugin, ...] = (
    AWSKeyDetector(), BasicAuthDetector(), GitHubTokenDetector(), GitLabTokenDetector(), JwtTokenDetector(),
    PrivateKeyDetector(), SlackDetector(), TelegramBotTokenDetector(),
    Base64HighEntropyString(limit=4.7), HexHighEntropyString(limit=3.3),
)  # fmt: skip
_WORTH_A_LOOK = re.compile(r"[A-Za-z0-9+/=_-]{20,}|BEGIN|://[^/\s]*@")
_OUR_KEYS = re.compile(r"\bmc_(?:live|team|test)_[A-Za-z0-9]+_[A-Za-z0-9_]{20,}")
_OURS = "key of our API"
_ENTROPY = {"Hex High Entropy String", "Base64 High Entropy String"}
_HASHES = ("requirements.lock", "requirements-dev.lock", "package-lock.json")
"""Files whose long strings are sums of what is public."""
_MADE_UP = "tests/fuzz/corpus/"
"""What a fuzzer has made of recorded calls: long strings, broken tokens. Keys of providers are looked for there too."""
HARMLESS = {
    # Alphabets: of ids, one-time codes, passwords, and what a test counts through.
    "0123456789ABCDEFGHJKMNPQRSTVWXYZ", "23456789abcdefghjkmnpqrstuvwxyz", "abcdefghijklmnopqrstuvwxyz",
    "zyxwvutsrqponmlkjihgfedcba", "ABCDEFGHJKMNPQRTUVWXY346789", "abcdefghijklmnopqrstuvwxyz0123456789_",
    "0123456789abcdef", "0123456789abcdef0123456789abcdef", "1c1d1e1f2021242f30393a3f40415a5b5c5d5e5f60617a7b7c7d7e7f",
    # Ids of messages and people in recorded calls, changed by hand.
    "d533459ee42b2b9525ba9eabf6a8156", "3f5ec8c71c4a4ccea311f731dfeaa133156", "17417a0d20114d36a902e49cad0e97f3",
    "c8a1b2d3e4f5a6b7c8d9", "96d3cdf3af150460912", "0a1b2c3d4e5f60718293", "2d758cb5e222177a4e35",
    "2d758cb5e222177a4e36", "2d758cb5e222177a4e37", *(f"82599fa32f56d00e{number}" for number in range(8941, 8949)),
    # A text and the body of an unsigned token, packed.
    "eyJqdGkiOiJTSy4wLm1vdGN1YS0xNzk1NTAwMDAwIiwiaXNzIjoiU0suMC5tb3RjdWEiLCJleHAiOjE3OTU1MDAzMDAsInJlc3RfYXBpIjp0cnVlfQ",
    "SOG7kyBzxqEgxJHDoyBjw7Mga+G6v3QgcXXhuqMu",
    # Passwords in addresses that a test wants refused, or that open a server of the test itself.
    "mat-khau", "mk", "geheim", "ge-heim", "pässwort", "pw", "bi-mat", "p", "x", "secret", "{port}\\\\",
}  # fmt: skip
"""What looks like a secret and is none."""


def files() -> list[Path]:
    """All that is under version control, or would be at the next commit."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        check=True,
        capture_output=True,
        text=True,
    )
    return [path for name in listed.stdout.split("\0") if name and (path := Path(name)).is_file()]


def secrets_in(name: str, lines: Iterable[str]) -> Iterator[tuple[int, str, str]]:
    """(line, kind, what it is) of everything that looks like a secret."""
    for number, line in enumerate(lines, 1):
        yield from ((number, _OURS, found[0]) for found in _OUR_KEYS.finditer(line))
        if _WORTH_A_LOOK.search(line):
            for detector in DETECTORS:
                found = detector.analyze_line(filename=name, line=line, line_number=number)
                yield from ((number, each.type, each.secret_value or "") for each in found)


def is_harmless(name: str, kind: str, value: str) -> bool:
    if value in HARMLESS:
        return True
    return name.startswith(_MADE_UP) and kind in {*_ENTROPY, "JSON Web Token", "Basic Auth Credentials", _OURS}


def test_no_file_of_ours_holds_a_secret() -> None:
    """Who adds what looks like one and is none says so in `HARMLESS`."""
    looked_at, found = 0, []
    for path in files():
        if path.name in _HASHES:
            continue
        looked_at += 1
        # Told without the value: this line may end in somebody's log.
        for line, kind, value in secrets_in(str(path), path.read_text("utf-8", "replace").splitlines()):
            if not is_harmless(str(path), kind, value):
                found.append(f"{path}:{line} {kind}")

    assert looked_at > 1_000
    assert found == []


_LETTERS = "".join(("kRz7Vq2LmX", "9tB4nWcY8s", "Hd3JfGp6kQ", "w5uEa1"))
PLANTED = {
    "token of Telegram": 'token = "' + "110201543" + ":AAHdqTcvCH1vGWJxfSeofSAs0K5PALDs" + 'aw8"',
    "private key": "-----BEGIN " + "RSA PRIVATE KEY-----",
    "key of AWS": "AKIA" + "IOSFODNN7EXAMPLQ",
    "token of GitHub": "ghp_" + _LETTERS,
    "password in an address": 'url = "postgresql://motcua' + ':hunter2-not-on-the-list@db/motcua"',
    "key of a gateway": 'api_key = "' + "F1E2D3C4B5A697" + "8899AABBCCDDEE0123" + '"',
    "secret of an account": 'oa_secret = "' + _LETTERS + '"',
    "session": "eyJhbGciOiJIUzI1NiJ9" + ".eyJzdWIiOiIxIn0.c2lnbmF0dXJlLW9mLTEyMw",
    "key of our API": "mc_live_" + "a1b2c3d4_" + "Qw3rTy7uIoP9aSdFgHjKlZxCv",
}


@pytest.mark.parametrize("line", PLANTED.values(), ids=PLANTED.keys())
def test_a_secret_that_is_planted_is_found(line: str) -> None:
    """So that finding nothing means something; in code, in a setting and in a test alike."""
    for name in ("bot/app.py", "config.example.toml", "tests/unit/test_phone.py", "docs/zalo.md"):
        found = [each for each in secrets_in(name, [line]) if not is_harmless(name, each[1], each[2])]
        assert found, name


def test_what_is_called_harmless_is_still_there() -> None:
    """A value that nobody uses any more is taken off the list."""
    seen = set()
    for path in files():
        if path.name not in _HASHES:
            seen |= {value for _, _, value in secrets_in(str(path), path.read_text("utf-8", "replace").splitlines())}

    assert seen >= HARMLESS - {"{port}\\\\"}


@pytest.mark.parametrize(
    ("said", "code", "goes_on"),
    [
        ("No known vulnerabilities found", 0, True),
        ("Found 1 known vulnerability in 1 package", 1, False),
        ("ERROR: aiohttp: Dependency not found on PyPI and could not be audited", 1, True),
        ("urllib3: Max retries exceeded with url", 1, True),
        ("Found 2 known vulnerabilities in 1 package, aiohttp could not be audited", 1, False),
        ("ERROR: hashes are missing", 1, False),
    ],
)
def test_the_audit_stops_a_change_for_a_known_hole_and_not_because_nobody_could_be_asked(
    tmp_path: Path, said: str, code: int, goes_on: bool
) -> None:
    asked = tmp_path / "make"
    asked.write_text(f"#!/bin/sh\n[ \"$1\" = audit ] || exit 9\necho '{said}'\nexit {code}\n", encoding="utf-8")
    asked.chmod(0o755)
    path = f"{tmp_path}:{os.environ['PATH']}"

    done = subprocess.run([".ci/audit"], env={"PATH": path}, capture_output=True, text=True, check=False)

    assert (done.returncode == 0) is goes_on
    assert ("NOT AUDITED" in done.stdout) is (goes_on and code != 0)
    assert code == 0 or said in done.stdout
