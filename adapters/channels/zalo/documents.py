"""Documents behind a consultation message: uploaded, then named in a message of their own."""

import asyncio
from collections.abc import Sequence

from adapters.channels.zalo.api import Api
from adapters.channels.zalo.errors import meaning_of
from adapters.channels.zalo.verdicts import Reply
from bot.model.message import File, Outcome

LARGEST = 5 * 1024 * 1024
"""Bytes that Zalo takes."""
TAKEN = (".pdf", ".doc", ".docx")
PATIENCE = 10.0
"""Seconds for all documents of a message together: the text is out already, and its fate is to be written down."""
_EXPIRED = -100
"""Said of an upload whose seven days are over, and of the unknown: another upload may help, once."""


class Documents:
    """Their text was taken: nothing that befalls them makes it go again."""

    def __init__(self, api: Api, *, patience: float = PATIENCE) -> None:
        self._api = api
        self._patience = patience

    async def follow(self, user_id: str, files: Sequence[File]) -> str:
        """Why not all of them went, for the message's `reason`; empty where they did."""
        try:
            async with asyncio.timeout(self._patience):
                for file in files:
                    if obstacle := _obstacle(file) or await self._sent(user_id, file):
                        return f"without its document: {obstacle}"
        except TimeoutError:
            return "without its document: no answer in time"
        return ""

    async def _sent(self, user_id: str, file: File) -> str:
        for attempt in (1, 2):
            uploaded = await self._api.upload(file.name, file.media_type, file.content)
            if not isinstance(uploaded, Reply) or uploaded.code != 0:
                return _words(uploaded)
            if not (token := uploaded.word("token")):
                return "the upload got no token"
            reply = await self._api.consult_with_file(user_id, token)
            if isinstance(reply, Reply) and reply.code == 0:
                return ""
            if not isinstance(reply, Reply) or reply.code != _EXPIRED or attempt == 2:
                return _words(reply)
        return ""


def _obstacle(file: File) -> str:
    if not file.content:
        return "it is no longer kept"
    if not file.name.lower().endswith(TAKEN):
        return "Zalo takes PDF, DOC and DOCX"
    return "it is larger than 5 MB" if len(file.content) > LARGEST else ""


def _words(reply: Reply | Outcome) -> str:
    if isinstance(reply, Reply):
        return f"Zalo {reply.code}: {meaning_of(reply.code).words}"
    return reply.reason
