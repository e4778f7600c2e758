"""What config.toml says about an SMPP account."""

from typing import Annotated, Literal

from pydantic import Field

from bot.settings import Secret
from bot.settings import Settings as Strict

Seconds = Annotated[float, Field(gt=0, le=86_400)]
TypeOfNumber = Annotated[int, Field(ge=0, le=6)]
NumberingPlan = Annotated[int, Field(ge=0, le=18)]


class Settings(Strict):
    """One account at one SMSC, bound as transceiver."""

    host: str = Field(description="name or address of the SMSC")
    port: int = Field(default=2775, ge=1, le=65535, description="TCP port of the SMSC")
    system_id: str = Field(max_length=15, description="account name")
    password: Secret = Field(description="account password, at most 8 characters by the specification")
    system_type: str = Field(default="", max_length=12, description="given by some providers, else empty")
    short_code: str = Field(
        default="",
        max_length=40,
        description="the number citizens write to, named at bind (address_range); empty: the SMSC knows",
    )

    source_addr: str = Field(max_length=20, description="brandname or short code that citizens see as the sender")
    source_ton: TypeOfNumber = Field(default=5, description="type of number: 5 brandname, 3 short code, 1 full number")
    source_npi: NumberingPlan = Field(default=0, description="numbering plan: 0 for brandnames, 1 for numbers")
    dest_ton: TypeOfNumber = Field(default=1, description="type of the citizen's number: 1 international")
    dest_npi: NumberingPlan = Field(default=1, description="numbering plan of the citizen's number: 1 ISDN")

    window: int = Field(default=100, ge=1, le=10_000, description="submits that may be unanswered at once")
    rate: float = Field(default=0, ge=0, description="parts a second agreed with the provider; 0 for no limit")
    registered_delivery: Literal[0, 1] = Field(default=1, description="1 asks for receipts, 0 does not")
    validity: Literal["relative", "absolute", "none"] = Field(
        default="relative", description="how the message's expiry is told to the SMSC"
    )
    reference_tlv: int | None = Field(
        default=None,
        ge=0x1400,
        le=0x3FFF,
        description="vendor TLV that carries our message id, where the provider takes and returns one",
    )
    statuses: dict[str, Literal["throttled", "retry", "rejected", "down"]] = Field(
        default_factory=dict,
        description='what the provider\'s own command statuses mean, as in {"0x0450" = "retry"}',
    )

    enquire_link: Seconds = Field(default=30, description="seconds of silence before the link is tried")
    response_timeout: Seconds = Field(
        default=10, description="seconds to wait for an answer; a send that takes 30 s is cut off by the outbox"
    )
    bind_timeout: Seconds = Field(default=10, description="seconds to connect and bind")
    reconnect_min: Seconds = Field(default=1, description="seconds before the first new attempt")
    reconnect_max: Seconds = Field(default=60, description="most seconds between attempts")
    hold_parts: Seconds = Field(
        default=5, description="seconds a part of a citizen's long message waits for its siblings unanswered"
    )
    join_timeout: Seconds = Field(
        default=120, description="seconds until an incomplete long message is handed on as far as it has come"
    )
