"""What an exception of the HTTP client means: whether the request had left us, in words that tell no secret."""

import errno

from aiohttp import (
    ClientConnectorCertificateError,
    ClientConnectorDNSError,
    ClientConnectorError,
    ClientHandlerType,
    ClientHttpProxyError,
    ClientOSError,
    ClientRequest,
    ClientResponse,
    InvalidURL,
    NonHttpUrlClientError,
    ServerDisconnectedError,
)

from adapters.http.exchange import DoorClosed, NotSent, Unanswered


class _LostError(Exception):
    """A connection fell."""


async def only_once(request: ClientRequest, handler: ClientHandlerType) -> ClientResponse:
    """aiohttp makes a GET again when its connection falls, as GET changes nothing. Kannel's GET sends an SMS: the
    citizen would get two. What is no error of the connection is never repeated."""
    try:
        return await handler(request)
    except ClientConnectorError:
        raise
    except (ClientOSError, ServerDisconnectedError):
        raise _LostError from None


def failure_of(error: Exception, *, departed: bool) -> NotSent | Unanswered:
    """aiohttp's own words are never used: they hold the URL, and it holds keys, number and text."""
    if isinstance(error, ClientConnectorCertificateError):
        return DoorClosed("the server's certificate cannot be trusted")
    if isinstance(error, ClientConnectorDNSError):
        return DoorClosed("the host's name is not known")
    if isinstance(error, ClientConnectorError):
        return DoorClosed(f"no connection ({errno.errorcode.get(error.errno or 0, type(error).__name__)})")
    # The answer to CONNECT: the request itself was not written yet.
    if isinstance(error, ClientHttpProxyError):
        return DoorClosed(f"the proxy answers {error.status}")
    if isinstance(error, InvalidURL | NonHttpUrlClientError):
        return DoorClosed("the address is not a URL")
    if isinstance(error, TimeoutError):
        why = "in time"
    else:
        why = "(the connection fell)" if isinstance(error, _LostError) else f"({type(error).__name__})"
    return Unanswered(f"no answer {why}") if departed else NotSent(f"no connection {why}")
