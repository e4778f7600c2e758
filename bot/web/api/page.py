"""The page for people who write software against the API: its description, readable, with examples for curl."""

import json
import shlex
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from aiohttp import web
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from bot.api_settings import ApiSettings
from bot.web.api.openapi import problems_of
from bot.web.api.problems import BASE, words
from bot.web.api.route import Operation
from bot.web.console.show import CONSOLE_STATIC
from bot.web.pages import STATIC, versioned

_HERE = Path(__file__).parent
_REF = "#/components/schemas/"


class Field(NamedTuple):
    """One line of a table of fields."""

    name: str
    kind: str
    is_needed: bool
    about: str


class Page:
    """Made once; the same for everybody."""

    def __init__(
        self, document: Mapping[str, Any], operations: Sequence[Operation], *, office: str, settings: ApiSettings
    ) -> None:
        environment = Environment(
            loader=FileSystemLoader(_HERE / "templates"), autoescape=True, undefined=StrictUndefined,
            trim_blocks=True, lstrip_blocks=True,
        )  # fmt: skip
        self._schemas: Mapping[str, Any] = document["components"]["schemas"]
        self._text = environment.get_template("docs.html").render(
            **_texts(settings),
            base=BASE,
            office=office,
            static={
                "console.css": versioned(CONSOLE_STATIC / "console.css", f"{BASE}/static"),
                "mark.svg": versioned(STATIC / "mark.svg", "/static"),
            },
            operations=[self._shown(each, document) for each in operations],
            names=words()["problem"],
            schemas={
                name: (shape.get("description", ""), list(self._fields(shape))) for name, shape in self._schemas.items()
            },
        )

    async def show(self, request: web.Request) -> web.Response:
        return web.Response(text=self._text, content_type="text/html")

    def _shown(self, operation: Operation, document: Mapping[str, Any]) -> dict[str, Any]:
        described = document["paths"][operation.path][operation.method.lower()]
        return {
            "operation": operation,
            "takes": operation.takes.__name__ if operation.takes else "",
            "gives": operation.gives.__name__,
            "asks": [
                Field(each["name"], self._kind(each["schema"]), each["required"], each.get("description", ""))
                for each in described["parameters"]
            ],
            "examples": [(name, _curl(operation, value)) for name, value in (operation.examples or {"": None}).items()],
            "problems": problems_of(operation),
        }

    def _tables(self) -> dict[str, tuple[str, list[Field]]]:
        return {name: (each.get("description", ""), list(self._fields(each))) for name, each in self._schemas.items()}

    def _fields(self, shape: Mapping[str, Any]) -> Iterator[Field]:
        needed = shape.get("required", ())
        for name, each in shape.get("properties", {}).items():
            yield Field(name, self._kind(each), name in needed, each.get("description", ""))

    def _kind(self, schema: Mapping[str, Any]) -> str:
        """A schema in a few words."""
        if "$ref" in schema:
            name = schema["$ref"].removeprefix(_REF)
            choices = self._schemas.get(name, {}).get("enum")
            return " | ".join(choices) if choices else name
        for word in ("anyOf", "oneOf"):
            if word in schema:
                return " | ".join(self._kind(each) for each in schema[word])
        if "enum" in schema:
            return " | ".join(map(str, schema["enum"]))
        if "const" in schema:
            return f"“{schema['const']}”"
        if schema.get("type") == "array":
            return f"[{self._kind(schema.get('items', {}))}]"
        return str(schema.get("format") or schema.get("type", ""))


def _texts(settings: ApiSettings) -> dict[str, Any]:
    """With the times of the settings in their places."""
    texts = tomllib.loads((_HERE / "docs.toml").read_text(encoding="utf-8"))
    times = settings.model_dump()
    section = [{name: said.format(**times) for name, said in each.items()} for each in texts["section"]]
    return {**texts, "section": section}


def _curl(operation: Operation, value: Any) -> str:
    """A command to paste. The key stands in the environment, not in the shell's history."""
    lines = [f'curl -sS -X {operation.method} "$MOTCUA{operation.path}"', '  -H "Authorization: Bearer $MOTCUA_KEY"']
    if operation.is_repeatable:
        lines.append('  -H "Idempotency-Key: viec-0001"')
    if value is not None:
        body = json.dumps(value, ensure_ascii=False, indent=2)
        lines += ['  -H "Content-Type: application/json"', f"  -d {shlex.quote(body)}"]
    return " \\\n".join(lines)
