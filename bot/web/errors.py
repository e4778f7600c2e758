"""What goes wrong, said so that a citizen can act on it: a page, or a line of JSON for our own script."""

import logging

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from bot.model.errors import PerhapsWrittenError, trail
from bot.web.pages import Pages, language_of

log = logging.getLogger(__name__)

_SPOKEN_BY_SCRIPT = ("/chat/", "/demo/")
_LONGEST_FILE_NAME = 200
"""Characters of what is asked for below a folder of files; ours are far shorter."""
_WORDS_BY_STATUS = {404: "missing", 405: "missing", 413: "too_long", 429: "too_many"}


class RefusedError(Exception):
    """We do not do what was asked; `word` names the sentence that says why."""

    def __init__(self, status: int, word: str, *, wait: float = 0, field: str = "") -> None:
        super().__init__(word)
        self.status = status
        self.word = word
        self.wait = wait
        """Seconds after which it may be tried again; 0 where waiting does not help."""
        self.field = field
        """Name of the field whose content is at fault; empty where none is."""


def readable_errors(pages: Pages) -> Middleware:
    """A middleware: every error becomes an answer in the reader's language, and none shows its inside."""

    @web.middleware
    async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            if len(request.match_info.get("filename", "")) > _LONGEST_FILE_NAME:
                # The file system would say so by an error; to whoever asks there is no such file.
                raise RefusedError(404, "missing")
            return await handler(request)
        except RefusedError as refused:
            return _answer(pages, request, refused)
        except web.HTTPException as error:
            if error.status < 400:
                raise
            word = _WORDS_BY_STATUS.get(error.status, "unreadable" if error.status < 500 else "failed")
            return _answer(pages, request, RefusedError(error.status, word))
        except ConnectionResetError:
            raise
        except Exception as error:
            # Without the error's own words, which may quote a citizen.
            log.error("%s %s failed: %s", request.method, _route(request), trail(error))
            if isinstance(error, PerhapsWrittenError):
                return _answer(pages, request, RefusedError(503, "perhaps"))
            return _answer(pages, request, RefusedError(500, "failed"))

    return middleware


def _answer(pages: Pages, request: web.Request, refused: RefusedError) -> web.Response:
    language = language_of(request)
    sentence = pages.words[language]["error"][refused.word]
    if request.path.startswith(_SPOKEN_BY_SCRIPT):
        response = web.json_response(
            {"error": refused.word, "sentence": sentence, "field": refused.field}, status=refused.status
        )
    else:
        response = pages.page("error.html", language=language, status=refused.status, sentence=sentence)
    return with_wait(response, refused)


def with_wait(response: web.Response, refused: RefusedError) -> web.Response:
    """Says in the answer when it may be tried again, where that helps."""
    if refused.wait:
        response.headers["Retry-After"] = str(max(1, round(refused.wait)))
    return response


def _route(request: web.Request) -> str:
    resource = request.match_info.route.resource
    return resource.canonical if resource else "(no route)"
