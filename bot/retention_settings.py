"""How long what is personal is kept, by kind: settings of `[retention]`."""

from pydantic import Field

from bot.settings import Settings

_YEAR = 365


class RetentionSettings(Settings):
    """[retention] In days; docs/luu-giu.md says of every table and column which of these it follows."""

    text_days: int = Field(
        30, ge=7, le=90, description="words, values and recipient of our messages, after the message's last word"
    )
    recipient_days: int = Field(
        30, ge=7, le=90, description="phones and values of a broadcast's recipients, after the broadcast ended"
    )
    draft_days: int = Field(
        90, ge=7, le=_YEAR, description="phones and values in a broadcast's draft on which nobody works any more"
    )
    survey_days: int = Field(90, ge=7, le=_YEAR, description="in her own words why somebody was not satisfied")
    feedback_days: int = Field(
        _YEAR, ge=30, le=10 * _YEAR, description="feedback, its sender and the answer, after it was answered"
    )
    dossier_days: int = Field(
        _YEAR,
        ge=30,
        le=10 * _YEAR,
        description="name, phone and secrets on a dossier, its followers and what staff wrote of it, after it ended",
    )
    chat_days: int = Field(
        _YEAR, ge=30, le=10 * _YEAR, description="a chat in which nobody wrote: its language, its consents"
    )
    consent_days: int = Field(2 * _YEAR, ge=_YEAR, le=10 * _YEAR, description="a consent that was taken back")
    erase_by_itself: bool = Field(
        False,
        description="whether the service carries out a request for erasure that was confirmed from the phone itself; "
        "else a person does, within 72 hours",
    )
