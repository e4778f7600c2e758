"""The few fields of an update that we read, strictly; everything else in it is let be."""

from pydantic import BaseModel, Field, StrictInt, StrictStr

_LAST_SECOND = 253_402_300_799  # of the year 9999: what `datetime` can hold


class Chat(BaseModel):
    id: StrictInt
    type: StrictStr

    @property
    def is_private(self) -> bool:
        return self.type == "private"


class User(BaseModel):
    id: StrictInt
    language_code: StrictStr = ""


class Contact(BaseModel):
    phone_number: StrictStr
    user_id: StrictInt | None = None


class Message(BaseModel):
    chat: Chat
    date: StrictInt = Field(ge=0, le=_LAST_SECOND)
    edit_date: StrictInt | None = Field(None, ge=0, le=_LAST_SECOND)
    sender: User | None = Field(None, alias="from")
    text: StrictStr = ""
    caption: StrictStr = ""
    contact: Contact | None = None
    forward_origin: object = None
    forward_date: object = None
    forward_from: object = None
    via_bot: object = None
    migrate_to_chat_id: StrictInt | None = None

    @property
    def is_at_second_hand(self) -> bool:
        """Forwarded, or made by another bot: not the sender's own word."""
        signs = (self.forward_origin, self.forward_date, self.forward_from, self.via_bot)
        return any(sign is not None for sign in signs)


class KeyboardMessage(BaseModel):
    chat: Chat


class Pressed(BaseModel):
    id: StrictStr
    sender: User = Field(alias="from")
    message: KeyboardMessage | None = None
    data: StrictStr = ""


class Standing(BaseModel):
    status: StrictStr


class Membership(BaseModel):
    """What has become of the bot in a chat."""

    chat: Chat
    sender: User = Field(alias="from")
    date: StrictInt = Field(ge=0, le=_LAST_SECOND)
    new_chat_member: Standing


class Update(BaseModel):
    update_id: StrictInt
    message: Message | None = None
    edited_message: Message | None = None
    callback_query: Pressed | None = None
    my_chat_member: Membership | None = None
