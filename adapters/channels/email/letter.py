"""One message as an e-mail (RFC 5322), with its documents attached."""

from datetime import datetime
from email.headerregistry import Address as Mailbox
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr

from adapters.channels.email.settings import Settings
from bot.model.message import File, OutboxItem
from bot.model.sms import nfc

_LONGEST_SUBJECT = 120


def letter(item: OutboxItem, settings: Settings, *, now: datetime) -> bytes:
    """As it goes to the server. Our id is its Message-ID, which servers take for a name and not for a promise: the same
    id sent twice arrives twice."""
    mail = EmailMessage(policy=SMTP)
    mail["Message-ID"] = f"<{item.id}@{settings.own_name}>"
    mail["Date"] = format_datetime(now)
    name, address = parseaddr(settings.sender)
    mail["From"] = Mailbox(name, addr_spec=address)
    mail["To"] = item.address.value
    if settings.reply_to:
        mail["Reply-To"] = settings.reply_to
    mail["Subject"] = subject_of(item.text, settings.subject)
    # RFC 3834: so that no vacation notice answers, and nobody's machine talks with ours.
    mail["Auto-Submitted"] = "auto-generated"
    # Not every server takes eight bits.
    mail.set_content(f"{_sayable(nfc(item.text))}\n", cte="quoted-printable")
    for file in item.files:
        if file.content:
            _attach(mail, file)
    return mail.as_bytes()


def subject_of(text: str, office: str) -> str:
    """The text's first line, after the office's name where it has one; cut at a word."""
    first = next((" ".join(line.split()) for line in _sayable(nfc(text)).splitlines() if line.strip()), "")
    subject = ": ".join(filter(None, (office.strip(), "".join(sign for sign in first if sign.isprintable()))))
    if len(subject) <= _LONGEST_SUBJECT:
        return subject
    return subject[: _LONGEST_SUBJECT - 1].rsplit(" ", 1)[0].rstrip(" ,;:.-") + "…"


def _attach(mail: EmailMessage, file: File) -> None:
    kind, _, part = file.media_type.partition("/")
    mail.add_attachment(file.content, maintype=kind, subtype=part or "octet-stream", filename=file.name)


def _sayable(text: str) -> str:
    """Without lone surrogates, which no charset can say."""
    return text.encode("utf-8", "replace").decode()
