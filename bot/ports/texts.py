"""What the database keeps of texts that an office has made its own."""

from datetime import datetime
from typing import Protocol

from bot.model.wording import TextKey, Version, Wording


class TextStore(Protocol):
    """Versions of texts: drafts, what is published, and what was. No version is ever changed or taken away."""

    async def draft(self, key: TextKey, wording: Wording, *, by: str, at: datetime, note: str = "") -> int:
        """Keeps a new version and retires the draft that it replaces, if there is one. Returns its number."""
        ...

    async def publish(self, key: TextKey, number: int, *, by: str, at: datetime) -> bool:
        """Puts a draft in force and retires what was; False where the version is no draft."""
        ...

    async def republish(self, key: TextKey, number: int, *, by: str, at: datetime, note: str = "") -> int | None:
        """Puts an older version in force again, as a new one whose number is returned; a draft stays a draft.
        None where no such version was ever published."""
        ...

    async def retire(self, key: TextKey, *, by: str, at: datetime) -> bool:
        """Takes the published version out of force: the text of the agency above counts, at last the shipped one.
        False where none is published."""
        ...

    async def version(self, key: TextKey, number: int) -> Version | None: ...

    async def history(self, key: TextKey) -> list[Version]:
        """All versions of a text, the newest first."""
        ...

    async def current(self) -> list[Version]:
        """What is published and what is a draft, of all texts, by situation, language and agency; drafts last."""
        ...

    async def published(self) -> list[Version]: ...

    async def revision(self) -> int:
        """Goes up with every publication and retirement, so that a process notices them at little cost."""
        ...
