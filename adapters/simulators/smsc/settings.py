"""The settings of the simulated SMS centre."""

from pathlib import Path
from typing import Literal

from pydantic import Field

from bot.settings import Settings as Strict

Alphabet = Literal["gsm7", "gsm7-packed", "latin-1", "ascii"]
"""What data_coding 0 means: GSM 03.38 with a septet an octet, the same packed, ISO 8859-1, or ASCII."""


class Settings(Strict):
    """Where it listens and how it behaves; times in seconds."""

    host: str = Field(default="127.0.0.1", description="address to listen on, for SMPP and for the control API")
    port: int = Field(default=2775, ge=1, le=65535, description="SMPP port")
    control_port: int = Field(default=2776, ge=1, le=65535, description="HTTP port of the control API")
    tls_cert: Path | None = Field(default=None, description="certificate in PEM; with it SMPP is spoken over TLS")
    tls_key: Path | None = Field(default=None, description="its key, where the certificate's file does not hold it")
    accounts: dict[str, str] = Field(
        default_factory=dict, description="passwords by system_id; empty: anybody may bind with any password"
    )
    log: Path | None = Field(default=None, description="file that gets a JSON line for every message, with texts")
    log_flush: float = Field(
        default=0.02, ge=0, description="that lines of the log may wait; 0: each is written before anything is answered"
    )
    delay: float = Field(default=0.2, ge=0, description="from a submit to its receipt")
    slow_delay: float = Field(default=8.0, ge=0, description="the same for numbers that end in 0004")
    latency: float = Field(default=0.0, ge=0, description="from a submit to its response")
    rate: float = Field(
        default=0, ge=0, description="parts a second it takes from a link, then ESME_RTHROTTLED; 0: all"
    )
    window: int = Field(default=0, ge=0, description="submits it lets be unanswered on one link; 0: any number")
    deliver_window: int = Field(default=1000, ge=1, description="deliveries that may be unanswered on one link")
    repeat_after: float = Field(default=1.0, gt=0, description="until a refused delivery is made again")
    answer_timeout: float = Field(
        default=30.0, gt=0, description="until an unanswered delivery is made again, and until a link is given up"
    )
    enquire_link: float = Field(default=30.0, gt=0, description="silence after which it tries a link")
    alphabet: Alphabet = Field(default="gsm7", description="what data_coding 0 means, both ways")
    receipts: Literal["text", "tlv", "both", "upper", "minimal"] = Field(
        default="both",
        description="dialect of the receipts; upper: the words in capitals; minimal: id and stat alone",
    )
    intermediate: bool = Field(default=False, description="an ENROUTE notification before the final receipt")
    ids: Literal["decimal", "hex", "hex-decimal"] = Field(
        default="decimal", description="form of the message ids; hex-decimal: hex in responses, decimal in receipts"
    )
    echo: bool = Field(default=True, description="receipts carry the submit's own reference and vendor TLVs")
    carrier_tlv: int | None = Field(
        default=None, ge=0x1400, le=0x3FFF, description="vendor TLV of the receipts that names the citizen's carrier"
    )
    ported: dict[str, str] = Field(
        default_factory=dict, description="carriers of the numbers (+84…) that left the carrier of their prefix"
    )
    unknown_tlvs: bool = Field(default=False, description="whether responses and deliveries carry unheard-of TLVs")
    query: bool = Field(default=True, description="whether query_sm is understood")
