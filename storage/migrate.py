"""Numbered changes of the schema: which exist, which a database has, which it needs."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path
from sqlite3 import complete_statement
from typing import Any

from bot.model.errors import SchemaError
from storage.statements import for_engine

_FOLDER = Path(__file__).parent / "migrations"
_BODY = "$$"
"""Around the body of a function, whose statements are not the migration's."""
LEDGER = """CREATE TABLE IF NOT EXISTS migrations (
    name TEXT PRIMARY KEY, checksum TEXT NOT NULL, applied_at BIGINT NOT NULL
)"""
ADD_BESIDE = "ALTER TABLE migrations ADD COLUMN beside TEXT"
"""For ledgers of programs that did not keep it."""
APPLIED = """
SELECT k.name, k.checksum, (SELECT beside FROM migrations AS m WHERE m.name = k.name)
FROM (SELECT CAST(NULL AS TEXT) AS beside) AS absent CROSS JOIN migrations AS k
"""
"""For `as_applied`. Where the ledger has no column `beside` the name means `absent`'s, so that one text reads both, in
one statement, while another program adds the column."""
NOTE = """
INSERT INTO migrations (name, checksum, applied_at, beside) VALUES (:name, :checksum, :applied_at, :beside)
"""
SEALED = "0027_sealed"
"""In the ledger of a database that is sealed (storage.sealing), and in no file: programs that cannot open what is
sealed take it for a migration that they do not know, and keep away."""
_BESIDE = re.compile(r"-- beside: (\S+)")


@dataclass(frozen=True, slots=True)
class Migration:
    """One numbered file of `storage/migrations`."""

    name: str
    text: str

    @property
    def checksum(self) -> str:
        return sha256(self.text.encode()).hexdigest()

    @property
    def beside(self) -> str | None:
        """Programs that know up to the migration of this name may go on working after this one; None: only programs
        that know this one. Said in the comment at its head, `-- beside: 0021_held_tokens`."""
        for line in self.text.splitlines():
            if not line.startswith("--"):
                return None
            if found := _BESIDE.fullmatch(line.rstrip()):
                return found[1]
        return None

    def statements(self, engine: str) -> list[str]:
        """Its statements for `sqlite` or `postgres`: text in `/*engine … */` is for that engine alone."""
        text = for_engine(self.text, engine)
        statements, rest = [], ""
        for line in text.splitlines(keepends=True):
            if not rest and line.lstrip().startswith("--"):
                continue
            rest += line
            if rest.count(_BODY) % 2 == 0 and complete_statement(rest):
                statements.append(rest.strip())
                rest = ""
        return [statement for statement in [*statements, rest.strip()] if statement]


@dataclass(frozen=True, slots=True)
class Applied:
    """A migration as the database remembers it, which may be one that this program does not know."""

    checksum: str
    beside: str | None


def as_applied(rows: Iterable[Iterable[Any]]) -> dict[str, Applied]:
    """The answer to `APPLIED`, by name."""
    return {name: Applied(checksum, beside) for name, checksum, beside in rows}


@cache
def migrations() -> tuple[Migration, ...]:
    """All of them, in order."""
    return tuple(Migration(path.stem, path.read_text(encoding="utf-8")) for path in sorted(_FOLDER.glob("*.sql")))


def beside(name: str) -> str | None:
    """`Migration.beside` of the migration `name` of this program; None for one that it has not."""
    return next((migration.beside for migration in migrations() if migration.name == name), None)


def missing(applied: Mapping[str, Applied], database: str) -> list[Migration]:
    """What a database with the `applied` migrations still needs.

    Raises `SchemaError` where it was migrated by a newer program and this one cannot work beside that, or by other
    migrations of the same name.
    """
    known = {migration.name: migration for migration in migrations()}
    needed = [migration for migration in known.values() if migration.name not in applied]
    for name, there in sorted(applied.items()):
        if name == SEALED:
            continue
        if name not in known:
            # What this program would still change, the newer one may have built upon.
            if needed or not there.beside or max(known) < there.beside:
                raise SchemaError(
                    f"{database}: cơ sở dữ liệu đã được chương trình mới hơn nâng cấp, bản này không chạy tiếp được, "
                    f"hãy cài bản mới / was migrated by a newer program (it has {name}), beside which this one "
                    "cannot work: install that version or a later one"
                )
        elif there.checksum != known[name].checksum:
            raise SchemaError(
                f"{database} was migrated by another text of {name} than this program has: the file was changed "
                "after it had been applied"
            )
    return needed
