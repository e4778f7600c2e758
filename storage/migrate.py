"""Numbered changes of the schema: which exist, which a database has, which it needs."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path
from sqlite3 import complete_statement

from bot.model.errors import StorageError
from storage.statements import for_engine

_FOLDER = Path(__file__).parent / "migrations"
_BODY = "$$"
"""Around the body of a function, whose statements are not the migration's."""
LEDGER = """CREATE TABLE IF NOT EXISTS migrations (
    name TEXT PRIMARY KEY, checksum TEXT NOT NULL, applied_at BIGINT NOT NULL
)"""
APPLIED = "SELECT name, checksum FROM migrations"
NOTE = "INSERT INTO migrations (name, checksum, applied_at) VALUES (:name, :checksum, :applied_at)"


@dataclass(frozen=True, slots=True)
class Migration:
    """One numbered file of `storage/migrations`."""

    name: str
    text: str

    @property
    def checksum(self) -> str:
        return sha256(self.text.encode()).hexdigest()

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


@cache
def migrations() -> tuple[Migration, ...]:
    """All of them, in order."""
    return tuple(Migration(path.stem, path.read_text(encoding="utf-8")) for path in sorted(_FOLDER.glob("*.sql")))


def missing(applied: Mapping[str, str], database: str) -> list[Migration]:
    """What a database with the `applied` migrations (name → checksum) still needs.

    Raises `StorageError` where it was made by a newer program, or by other migrations of the same name.
    """
    known = {migration.name: migration for migration in migrations()}
    for name, checksum in sorted(applied.items()):
        if name not in known:
            raise StorageError(
                f"{database} was migrated by a newer program (it has {name}): install that version or a later one"
            )
        if checksum != known[name].checksum:
            raise StorageError(
                f"{database} was migrated by another text of {name} than this program has: the file was changed "
                "after it had been applied"
            )
    return [migration for migration in known.values() if migration.name not in applied]
