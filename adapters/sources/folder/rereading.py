"""Exports that were dealt with before, read once more because somebody asks for it."""

import asyncio
import logging
from collections.abc import AsyncGenerator, Collection
from contextlib import aclosing
from pathlib import Path

from adapters.sources.folder.archive import Archive
from adapters.sources.folder.listing import Listing
from adapters.sources.folder.pieces import pieces
from adapters.sources.folder.progress import Version
from adapters.sources.folder.reading import Changed
from adapters.sources.folder.settings import Settings
from bot.model.dossier import Dossier
from bot.model.errors import SourceError
from bot.ports import Batch, Quarantined

logger = logging.getLogger(__name__)

_NOTHING = Version(-1, "", 0)
_UNORDERED = (
    "Đã có tệp mới hơn, nên {count} bản ghi không có ngày cập nhật trong tệp này không được đọc lại, "
    "để dữ liệu cũ không đè lên dữ liệu mới; nếu vẫn cần, hãy dùng lệnh import."
)


async def reread(
    places: Collection[str], name: str, settings: Settings, listing: Listing, archive: Archive | None
) -> AsyncGenerator[Batch, None]:
    """The newest export of each of these names, in the folder or in the archive, oldest first; names that are gone
    are passed over. The cursor is empty: nothing moves.

    Of a file that is not the newest of all only those records are given that say when they were changed, so that
    the mirror can put them in order.
    """
    found, newest = await asyncio.to_thread(_find, places, settings.path, listing, archive)
    for version, path in found:
        unordered = 0
        try:
            async with aclosing(pieces(path, settings, name, place=version.name)) as parts:
                async for piece in parts:
                    dossiers = piece.dossiers if version.changed >= newest else tuple(filter(_ordered, piece.dossiers))
                    unordered += len(piece.dossiers) - len(dossiers)
                    yield Batch(dossiers, "", piece.quarantined)
        except SourceError as error:
            yield Batch((), "", (whole(name, version.name, str(error)),))
        except (Changed, FileNotFoundError):
            logger.info("%s: %s changed or vanished while it was read again", name, version.name)
        except OSError as error:
            yield Batch((), "", (unreadable(name, version.name, error),))
        if unordered:
            yield Batch((), "", (whole(name, version.name, _UNORDERED.format(count=unordered)),))


def whole(source: str, place: str, reason: str) -> Quarantined:
    """The file as a whole."""
    return Quarantined(source=source, place=place, row=0, column="", reason=reason)


def unreadable(source: str, place: str, error: OSError) -> Quarantined:
    """A file that the system does not let us read."""
    return whole(source, place, f"Không mở được tệp {place}: {error.strerror}.")


def _find(
    places: Collection[str], folder: Path, listing: Listing, archive: Archive | None
) -> tuple[list[tuple[Version, Path]], int]:
    """The newest export of each name with where it lies, oldest first, and when the newest of all was changed."""
    paths = (archive.versions() if archive else {}) | {version: folder / version.name for version in listing.present()}
    newest = {version.name: version for version in sorted(paths) if version.name in places}
    return [(version, paths[version]) for version in sorted(newest.values())], max(paths, default=_NOTHING).changed


def _ordered(dossier: Dossier) -> bool:
    return dossier.updated_at is not None or dossier.sequence is not None
