"""The description of the API in OpenAPI 3.1, made of the table of operations and their pydantic models."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from bot.api_settings import ApiSettings
from bot.web.api import shapes
from bot.web.api.gate import IDEMPOTENCY_KEY
from bot.web.api.problems import BASE, MEDIA_TYPE, status_of, words
from bot.web.api.route import Operation

_ALWAYS = ("unauthorized", "no_right", "too_many", "failed")
_OF_BODIES = ("unreadable", "slow", "too_long", "not_json", "unprocessable", "busy")
_REF = "#/components/schemas/{model}"
_ABOUT = """API cho phần mềm khác của cơ quan: gửi tin theo tình huống hoặc mẫu tin, xem tin đã tới đâu, tình trạng \
hồ sơ cho người có quyền, lập đợt phát tin để cán bộ duyệt.

For other software of the office: send notifications by situation or template, see what became of them, a dossier's \
status for somebody to whom it belongs, draft broadcasts that people approve."""


def describe(operations: Iterable[Operation], *, office: str, settings: ApiSettings) -> dict[str, Any]:
    """The whole document. `settings`: the times that it names."""
    operations = list(operations)
    paths: dict[str, dict[str, Any]] = {}
    for each in operations:
        paths.setdefault(each.path, {})[each.method.lower()] = _operation(each, settings)
    return {
        "openapi": "3.1.0",
        "jsonSchemaDialect": "https://json-schema.org/draft/2020-12/schema",
        "info": {"title": f"Một cửa – {office}", "version": "1", "description": _ABOUT},
        "servers": [{"url": BASE}],
        "security": [{"key": []}],
        "paths": paths,
        "components": {
            "schemas": _schemas(operations),
            "securitySchemes": {
                "key": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "Khóa do quản trị viên cấp ở trang Khóa API / a key that an administrator made: "
                    "`mc_live_…`, `mc_team_…`, `mc_test_…`",
                }
            },
        },
    }


def _operation(operation: Operation, settings: ApiSettings) -> dict[str, Any]:
    described: dict[str, Any] = {
        "operationId": operation.name,
        "summary": " / ".join(operation.title),
        "description": "\n\n".join(filter(None, operation.about)),
        "parameters": list(_parameters(operation, settings)),
        "responses": {str(operation.status): _success(operation), **_problems(operation)},
    }
    if operation.takes:
        described["requestBody"] = {
            "required": True,
            "content": {
                "application/json": {
                    "schema": {"$ref": _REF.format(model=operation.takes.__name__)},
                    "examples": {name: {"value": value} for name, value in operation.examples.items()},
                }
            },
        }
    return described


def _parameters(operation: Operation, settings: ApiSettings) -> Iterable[dict[str, Any]]:
    if operation.id_pattern:
        schema = {"type": "string", "pattern": operation.id_pattern}
        yield {"name": "id", "in": "path", "required": True, "schema": schema}
    if operation.is_repeatable:
        hours = f"{settings.idempotency_hours:g}"
        yield {
            "name": "Idempotency-Key",
            "in": "header",
            "required": False,
            "description": f"Gửi lại với cùng khóa và nội dung trong {hours} giờ thì được trả lời như lần đầu, không "
            f"gửi hai lần / the same key and body within {hours} hours is answered as the first time, and sent once",
            "schema": {"type": "string", "pattern": IDEMPOTENCY_KEY},
        }
    if operation.asks:
        for name, schema in operation.asks.model_json_schema(ref_template=_REF)["properties"].items():
            yield {"name": name, "in": "query", "required": False, "schema": _without_null(schema)}


def _without_null(schema: Mapping[str, Any]) -> dict[str, Any]:
    """A query cannot say null: it leaves the name out."""
    kept = [each for each in schema.get("anyOf", ()) if each.get("type") != "null"]
    return dict(kept[0]) if len(kept) == 1 else {key: value for key, value in schema.items() if key != "title"}


def _success(operation: Operation) -> dict[str, Any]:
    schema = {"$ref": _REF.format(model=operation.gives.__name__)}
    described: dict[str, Any] = {"description": "Được / done", "content": {"application/json": {"schema": schema}}}
    if operation.is_repeatable:
        said = "true: trả lời từ lần trước / the answer of the first time"
        described["headers"] = {
            "Idempotent-Replayed": {"description": said, "schema": {"type": "string", "const": "true"}}
        }
    return described


def problems_of(operation: Operation) -> Sequence[str]:
    """By their words."""
    about_input = _OF_BODIES if operation.takes else ("unprocessable",)
    return tuple(dict.fromkeys((*_ALWAYS, *about_input, *operation.problems)))


def _problems(operation: Operation) -> dict[str, Any]:
    by_status: dict[int, list[str]] = {}
    for word in problems_of(operation):
        by_status.setdefault(status_of(word), []).append(word)
    described: dict[str, Any] = {}
    for status, names in sorted(by_status.items()):
        said = [f"`{each}`: {words()['problem'][each]['vi']} / {words()['problem'][each]['en']}" for each in names]
        described[str(status)] = {
            "description": "; ".join(said),
            "content": {MEDIA_TYPE: {"schema": {"$ref": _REF.format(model="Problem")}}},
        }
    if "429" in described:
        wait = {"description": "giây / seconds", "schema": {"type": "integer", "minimum": 1}}
        described["429"]["headers"] = {"Retry-After": wait}
    return described


def _schemas(operations: Sequence[Operation]) -> dict[str, Any]:
    taken: list[tuple[type[BaseModel], Any]] = [(each.takes, "validation") for each in operations if each.takes]
    asked: list[tuple[type[BaseModel], Any]] = [(each.asks, "validation") for each in operations if each.asks]
    given: list[tuple[type[BaseModel], Any]] = [(each.gives, "serialization") for each in operations]
    problem: list[tuple[type[BaseModel], Any]] = [(shapes.Problem, "serialization")]
    models = list(dict.fromkeys([*taken, *asked, *given, *problem]))
    _, document = models_json_schema(models, ref_template=_REF, by_alias=True)
    schemas: dict[str, Any] = document["$defs"]
    return {name: schemas[name] for name in sorted(schemas)}
