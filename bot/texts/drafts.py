"""A text as an office writes it: one TOML file, read and written."""

import json
import tomllib
from typing import Annotated, Self

from pydantic import BeforeValidator, Field, field_validator

from bot.config import parse_table
from bot.model.errors import ConfigError
from bot.model.message import Form, Situation
from bot.model.sms import nfc
from bot.model.wording import EDITABLE, TextKey, Wording
from bot.settings import Settings


def _composed(value: object) -> object:
    return nfc(value).strip() if isinstance(value, str) else value


Words = Annotated[str, BeforeValidator(_composed)]


class ZbsForm(Settings):
    """[zbs]"""

    channel: str = Field("", description="the Zalo channel; empty: every one")
    id: str = Field(pattern=r"^[A-Za-z0-9]{1,64}$", description="Zalo's id of the template")
    parameters: dict[str, str] = Field(
        default_factory=dict, description='parameter = our value: ma_ho_so = "code"; with its kind: "place:name"'
    )


class RegisteredForm(Settings):
    """[registered.CHANNEL]"""

    id: str = Field("", description="the provider's id of the template, where it has one")
    pattern: Words = Field(min_length=1, description='the registered text: "Ho so {1} da co ket qua."')


class DraftFile(Settings):
    """The file."""

    situation: Situation
    language: str = Field("vi", pattern="^(vi|en)$")
    agency: str = Field("", max_length=100, description="code of the agency; empty: all")
    note: str = Field("", max_length=500, description="why")
    required: tuple[str, ...] = ()
    flexible: tuple[str, ...] = ()
    chat: Words = ""
    sms: Words = ""
    sms_accented: Words = ""
    zbs: ZbsForm | None = None
    registered: dict[str, RegisteredForm] = Field(default_factory=dict)

    @field_validator("situation")
    @classmethod
    def _editable(cls, value: Situation) -> Situation:
        if value not in EDITABLE:
            raise ValueError(f"lời của “{value}” không sửa được / the words of “{value}” cannot be changed")
        return value

    @classmethod
    def of(cls, text: str, where: str) -> Self:
        """Raises `ConfigError` that names the file, the key and what is expected."""
        try:
            raw = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            raise ConfigError(f"{where}: không đúng TOML / not valid TOML: {error}") from None
        return parse_table(cls, raw, where)

    @property
    def key(self) -> TextKey:
        return TextKey(self.situation, self.language, self.agency)

    @property
    def wording(self) -> Wording:
        forms = [Form(self.zbs.channel, self.zbs.id, parameters=self.zbs.parameters)] if self.zbs else []
        forms += [Form(channel, each.id, each.pattern) for channel, each in self.registered.items()]
        return Wording(
            chat=self.chat,
            sms=self.sms,
            sms_accented=self.sms_accented,
            required=self.required,
            flexible=self.flexible,
            forms=tuple(forms),
        )


def as_toml(key: TextKey, wording: Wording, note: str = "") -> str:
    """What `DraftFile.of` reads back."""
    lines = [
        f"situation = {_quoted(key.situation)}",
        f"language = {_quoted(key.language)}",
        f"agency = {_quoted(key.agency)}",
        f"note = {_quoted(note)}",
        f"required = {_list(wording.required)}",
        f"flexible = {_list(wording.flexible)}",
        *(f"{field} = {_body(body)}" for field, body in wording.bodies.items()),
    ]
    for form in wording.forms:
        lines += _form(form)
    return "\n".join(lines) + "\n"


def _form(form: Form) -> list[str]:
    if form.pattern:
        id_line = [f"id = {_quoted(form.id)}"] if form.id else []
        return ["", f"[registered.{_quoted(form.channel)}]", *id_line, f"pattern = {_quoted(form.pattern)}"]
    channel = [f"channel = {_quoted(form.channel)}"] if form.channel else []
    parameters = [f"{_quoted(name)} = {_quoted(value)}" for name, value in form.parameters.items()]
    return ["", "[zbs]", *channel, f"id = {_quoted(form.id)}", "", "[zbs.parameters]", *parameters]


def _body(body: str) -> str:
    """Over several lines where it has them, so that a person can edit it."""
    if "\n" not in body:
        return _quoted(body)
    lines = (_quoted(line)[1:-1].replace('\\"', '"').replace('"""', '""\\"') for line in body.split("\n"))
    escaped = "\n".join(lines)
    return f'"""\n{escaped}\n"""'


def _list(words: tuple[str, ...]) -> str:
    return f"[{', '.join(map(_quoted, words))}]"


def _quoted(text: str) -> str:
    """A JSON string is a TOML string, but for the one control character that JSON leaves bare."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
