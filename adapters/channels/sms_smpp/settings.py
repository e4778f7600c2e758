"""What config.toml says about an SMPP account."""

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from bot.settings import Secret, SmsSettings
from bot.settings import Settings as Strict

Seconds = Annotated[float, Field(gt=0, le=86_400)]
TypeOfNumber = Annotated[int, Field(ge=0, le=6)]
NumberingPlan = Annotated[int, Field(ge=0, le=18)]
Port = Annotated[int, Field(ge=1, le=65535)]
DataCoding = Annotated[int, Field(ge=0, le=255)]
VendorTag = Annotated[int, Field(ge=0x1400, le=0x3FFF)]
_NUMBER = r"(?:0[xX][0-9A-Fa-f]{1,8}|[0-9]{1,10})"
StatusKey = Annotated[str, Field(pattern=rf"^{_NUMBER}(?:-{_NUMBER})?$")]
"""A command status, or the first and last of a range: `0x0450`, `1025`, `0x0400-0x04FF`."""

Word = Literal["throttled", "retry", "rejected", "blocked", "duplicate", "down"]
"""What a status may mean; `outcomes.Verdict` says what comes of it."""
Alphabet = Literal["gsm7", "gsm7-packed", "latin-1", "ascii"]
ReceiptIds = Literal["same", "hex-to-decimal", "decimal-to-hex"]


class StatusRule(Strict):
    """What a status means, and when the message may be offered again."""

    do: Word
    after: Seconds | None = Field(default=None, description="seconds, for `retry` and `throttled`")


class Connection(SmsSettings):
    """Where the SMSC is and how its account is bound."""

    host: str = Field(description="name or address of the SMSC")
    port: Port = Field(default=2775, description="TCP port of the SMSC")
    system_id: str = Field(max_length=15, description="account name")
    password: Secret = Field(description="account password, at most 8 characters by the specification")
    system_type: str = Field(default="", max_length=12, description="given by some providers, else empty")
    short_code: str = Field(
        default="",
        max_length=40,
        description="the number citizens write to, named at bind (address_range); empty: the SMSC knows",
    )
    bind: Literal["transceiver", "separate"] = Field(
        default="transceiver", description="one connection both ways, or one that sends and one that hears (separate)"
    )
    binds: int = Field(default=1, ge=1, le=10, description="how many such connections, or pairs of them")

    tls: bool = Field(default=False, description="whether the SMSC is spoken to over TLS")
    tls_ca: Path | None = Field(default=None, description="certificates to trust, PEM; none: the system's")
    tls_verify: bool = Field(default=True, description="false only for a test SMSC with a home-made certificate")
    tls_cert: Path | None = Field(default=None, description="our own certificate, PEM, where the SMSC asks for one")
    tls_key: Path | None = Field(default=None, description="its key, where the certificate's file does not hold it")

    window: int = Field(
        default=100, ge=1, le=10_000, description="submits that may be unanswered at once on each connection"
    )
    rate: float = Field(default=0, ge=0, description="parts a second agreed with the provider; 0 for no limit")

    enquire_link: Seconds = Field(default=30, description="seconds of silence before the link is tried")
    response_timeout: Seconds = Field(
        default=10, description="seconds to wait for an answer; a send that takes 30 s is cut off by the outbox"
    )
    bind_timeout: Seconds = Field(default=10, description="seconds to connect and bind")
    reconnect_min: Seconds = Field(default=1, description="seconds before the first new attempt")
    reconnect_max: Seconds = Field(default=15, description="most seconds between attempts")

    @model_validator(mode="after")
    def _a_key_has_its_certificate(self) -> Self:
        if self.tls_key and not self.tls_cert:
            raise ValueError("tls_key cần tls_cert đi cùng / tls_key stands beside a tls_cert")
        return self


class Wording(Connection):
    """How texts and their senders are written on this SMSC's wire."""

    source_addr: str = Field(max_length=20, description="brandname or short code that citizens see as the sender")
    source_ton: TypeOfNumber = Field(default=5, description="type of number: 5 brandname, 3 short code, 1 full number")
    source_npi: NumberingPlan = Field(default=0, description="numbering plan: 0 for brandnames, 1 for numbers")
    dest_ton: TypeOfNumber = Field(default=1, description="type of the citizen's number: 1 international")
    dest_npi: NumberingPlan = Field(default=1, description="numbering plan of the citizen's number: 1 ISDN")

    long_messages: Literal["udh", "payload", "sar"] = Field(
        default="udh",
        description="how a text of several parts goes: headers in the parts, one message_payload, or sar parameters",
    )
    udh_reference: Literal[8, 16] = Field(
        default=8, description="bits of the reference that ties parts together; with 16 a part holds one character less"
    )
    alphabet: Alphabet = Field(default="gsm7", description="what data_coding 0 means to the SMSC")
    gsm_data_coding: DataCoding = Field(default=0, description="data_coding of texts in gsm7, gsm7-packed or ascii")
    latin_data_coding: DataCoding = Field(default=3, description="data_coding of texts in latin-1")
    ucs2_data_coding: int = Field(
        default=8, ge=1, le=255, description="data_coding of accented texts; some SMSCs want 24 or 25"
    )
    validity: Literal["relative", "absolute", "none"] = Field(
        default="relative", description="how the message's expiry is told to the SMSC"
    )

    @model_validator(mode="after")
    def _numbers_of_alphabets_differ(self) -> Self:
        if self.ucs2_data_coding == (self.latin_data_coding if self.alphabet == "latin-1" else self.gsm_data_coding):
            raise ValueError("ucs2_data_coding phải khác / must differ from the other alphabet's data_coding")
        return self


class Settings(Wording):
    """One account at one SMSC."""

    statuses: dict[StatusKey, Word | StatusRule] = Field(
        default_factory=dict,
        description="what the provider's own command statuses mean, alone or as a range, as in "
        '{"0x0450" = "retry", "0x0500-0x05FF" = { do = "retry", after = 60 }}',
    )

    registered_delivery: Literal[0, 1] = Field(default=1, description="1 asks for receipts, 0 does not")
    reference_tlv: VendorTag | None = Field(
        default=None, description="vendor TLV that carries our message id, where the provider takes and returns one"
    )
    receipt_ids: ReceiptIds = Field(
        default="same", description="how a receipt's message id becomes the one that our submit was answered with"
    )
    carrier_tlv: VendorTag | None = Field(
        default=None, description="vendor TLV of receipts that names the citizen's carrier"
    )
    query: float = Field(
        default=0,
        ge=0,
        le=86_400,
        description="seconds without a receipt after which the SMSC is asked (query_sm); 0: never",
    )

    short_codes: tuple[str, ...] = Field(
        default=(), description="numbers citizens write to us at; messages to others are dropped; empty: all are ours"
    )
    hold_parts: Seconds = Field(
        default=5, description="seconds a part of a citizen's long message waits for its siblings unanswered"
    )
    join_timeout: Seconds = Field(
        default=120, description="seconds until an incomplete long message is handed on as far as it has come"
    )
