"""Documents that came with messages, for the one visitor whom they were sent to."""

from urllib.parse import quote

from aiohttp import web

from bot.model.message import DeliveryState, File, OutboxItem
from bot.ports import Transaction
from bot.web.desk import Desk
from bot.web.errors import RefusedError
from bot.web.sessions import Session

_LONGEST_ID = 64
_SENT = (DeliveryState.SENDING, DeliveryState.ACCEPTED, DeliveryState.DELIVERED, DeliveryState.UNCERTAIN)


class Documents:
    """`/tai-lieu/…`. Whoever is not the reader of the message learns that there is no such page, whatever there is."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def routes(self) -> list[web.RouteDef]:
        return [web.get("/tai-lieu/{item}/{file}", self.fetch)]

    async def fetch(self, request: web.Request) -> web.StreamResponse:
        session = self._desk.sessions.of(request)
        item_id, file_id = (request.match_info[name][:_LONGEST_ID] for name in ("item", "file"))
        file = await self._found(session, item_id, file_id) if session else None
        if file is None:
            raise RefusedError(404, "missing")
        disposition = f"attachment; filename*=UTF-8''{quote(file.name, safe='')}"
        return web.Response(
            body=file.content, content_type=file.media_type, headers={"Content-Disposition": disposition}
        )

    async def _found(self, session: Session, item_id: str, file_id: str) -> File | None:
        async def work(tx: Transaction) -> File | None:
            item = await tx.outbox.get(item_id)
            if item is None or not _is_for(session, item) or file_id not in {each.id for each in item.files}:
                return None
            found = await tx.documents.get([file_id])
            return found[0] if found else None

        return await self._desk.context.storage.read(work)


def _is_for(session: Session, item: OutboxItem) -> bool:
    return item.address == session.address and item.state in _SENT
