"""TLS to the SMSC: whom to trust, who we are, and in which words a failure is told."""

import ssl

from adapters.channels.sms_smpp.settings import Connection
from bot.model.errors import ChannelError


def context_for(settings: Connection) -> ssl.SSLContext | None:
    """None where the account is spoken to in the clear. Raises `ChannelError` for files that cannot be used."""
    if not settings.tls:
        return None
    try:
        context = ssl.create_default_context(cafile=settings.tls_ca)
    except (OSError, ssl.SSLError) as error:
        raise ChannelError(f"không đọc được tls_ca / tls_ca cannot be read: {_why(error)}") from None
    if not settings.tls_verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    if settings.tls_cert:
        try:
            # Without a password, so that nobody is asked for one on the terminal.
            context.load_cert_chain(settings.tls_cert, settings.tls_key, password="")
        except (OSError, ssl.SSLError) as error:
            raise ChannelError(
                f"không dùng được tls_cert, tls_key / tls_cert and tls_key cannot be used: {_why(error)}"
            ) from None
    return context


def refused(error: ssl.SSLError) -> ChannelError:
    """Why there is no connection, for the operator."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return ChannelError(
            f"chứng chỉ của tổng đài không đáng tin / the SMSC's certificate is not trusted: {error.verify_message}"
        )
    return ChannelError(f"không bắt tay TLS được / no TLS handshake: {_why(error)}")


def _why(error: OSError) -> str:
    """In the library's own words, which name neither path nor key."""
    if isinstance(error, ssl.SSLError):
        return (error.reason or type(error).__name__).replace("_", " ").lower()
    return error.strerror or type(error).__name__
