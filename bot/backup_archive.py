"""What is inside of a backup: a manifest, small files, and the database, each with its length and its digest."""

import json
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from hashlib import sha256
from typing import Any, BinaryIO

from bot.backup_format import PIECE, BackupError, Key, Sealer, opened
from bot.ports.backups import Facts

DATABASE = "database"
"""Name of the part that is the database."""
_MANIFEST, _BEGIN, _DATA, _END, _CLOSE = b"M", b"F", b"D", b"E", b"Z"
_LEVEL = 1
"""Of zlib: names and numbers shrink to a quarter, at five times the speed of its usual level."""

Read = Callable[[int], bytes]
"""The next bytes, at most so many; none at the end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What a backup says of itself."""

    taken_at: datetime
    """Everything that was durable at this moment is in it."""
    program: str
    facts: Facts
    files: tuple[str, ...]
    """The small files beside the database."""
    missing: tuple[str, ...]
    """What else one needs to come back, and is not in it: names of environment variables and files of secrets."""

    def text(self) -> bytes:
        values = {**asdict(self), "taken_at": self.taken_at.isoformat()}
        return json.dumps(values, ensure_ascii=False).encode()

    @classmethod
    def read(cls, text: bytes) -> "Manifest":
        values = json.loads(text)
        facts = values.pop("facts")
        return cls(
            taken_at=datetime.fromisoformat(values["taken_at"]),
            program=values["program"],
            facts=Facts(**{**facts, "schema": tuple(facts["schema"])}),
            files=tuple(values["files"]),
            missing=tuple(values["missing"]),
        )


@dataclass(slots=True)
class Part:
    """A file of the archive as far as it was read or written."""

    name: str
    size: int = 0
    digest: Any = field(default_factory=sha256)

    def took(self, content: bytes) -> None:
        self.size += len(content)
        self.digest.update(content)

    def end(self) -> dict[str, Any]:
        return {"name": self.name, "size": self.size, "sha256": self.digest.hexdigest()}


Ends = Mapping[str, Mapping[str, Any]]
"""Name of a part → its size and digest."""


def write_archive(
    file: BinaryIO, key: Key, manifest: Manifest, parts: Sequence[tuple[str, Read]], *, go_on: Callable[[], None]
) -> Ends:
    """Writes everything; `go_on` is called between pieces and may raise. What the parts came to."""
    sealer = Sealer(file, key)
    sealer.add(_MANIFEST, manifest.text())
    ends = {}
    for name, read in parts:
        part, squeezed = Part(name), zlib.compressobj(_LEVEL)
        sealer.add(_BEGIN, _json({"name": name}))
        while content := read(PIECE):
            go_on()
            part.took(content)
            _add(sealer, squeezed.compress(content))
        _add(sealer, squeezed.flush())
        ends[name] = part.end()
        sealer.add(_END, _json(ends[name]))
    sealer.end(_CLOSE, _json({"parts": len(parts)}))
    return ends


def read_archive(
    file: BinaryIO,
    key: Key,
    name: str,
    *,
    takes: Callable[[Manifest], None] = lambda manifest: None,
    take: Callable[[str, bytes], None] = lambda part, content: None,
) -> tuple[Manifest, Ends]:
    """Reads everything to the end: `takes` hears the manifest, `take` each piece of each part. Whoever takes must not
    believe any of it before this returns. Raises `BackupError`."""
    try:
        return _read(opened(file, key, name), takes, take)
    except (zlib.error, ValueError, KeyError, TypeError, StopIteration) as error:
        raise BackupError(
            f"{name}: nội dung không đúng dạng ({type(error).__name__}) / its contents are not as they should be"
        ) from None
    except OSError as error:
        raise BackupError(f"{name}: không đọc được / cannot be read: {error.strerror}") from None


def _read(
    frames: Iterator[tuple[bytes, bytes]], takes: Callable[[Manifest], None], take: Callable[[str, bytes], None]
) -> tuple[Manifest, Ends]:
    kind, content = next(frames)
    if kind != _MANIFEST:
        raise ValueError
    manifest = Manifest.read(content)
    takes(manifest)
    ends: dict[str, Mapping[str, Any]] = {}
    closed = False
    for kind, content in frames:
        if kind == _BEGIN and not closed:
            part = _part(json.loads(content)["name"], frames, take)
            ends[part.name] = part.end()
        elif kind == _CLOSE and json.loads(content)["parts"] == len(ends):
            closed = True
        else:
            raise ValueError
    if not closed or set(ends) != {DATABASE, *manifest.files}:
        raise ValueError
    return manifest, ends


def _part(name: str, frames: Iterator[tuple[bytes, bytes]], take: Callable[[str, bytes], None]) -> Part:
    part, loose = Part(name), zlib.decompressobj()
    for kind, content in frames:
        if kind == _END:
            if rest := loose.flush():
                part.took(rest)
                take(name, rest)
            if not loose.eof or part.end() != json.loads(content):
                raise ValueError
            return part
        if kind != _DATA:
            raise ValueError
        while content:
            piece = loose.decompress(content, PIECE)
            content = loose.unconsumed_tail
            part.took(piece)
            take(name, piece)
            if loose.unused_data:
                raise ValueError
    raise ValueError


def _add(sealer: Sealer, content: bytes) -> None:
    for at in range(0, len(content), PIECE):
        sealer.add(_DATA, content[at : at + PIECE])


def _json(values: Mapping[str, Any]) -> bytes:
    return json.dumps(values, ensure_ascii=False).encode()
