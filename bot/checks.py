"""`motcua check`: everything that can be tried before the service runs, a line each."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

from bot import app, show
from bot.calendars import years_to_check
from bot.check_ground import Weight, ground
from bot.conditions import conditions
from bot.config import Config
from bot.documents import check_template
from bot.model.clock import VIETNAM, utc_now
from bot.model.errors import ConfigError, MotcuaError
from bot.model.message import Situation, family_of
from bot.show_calendar import unannounced_line
from bot.show_lists import quarantined_line
from bot.show_sources import condition
from bot.source_check import read_first_page
from bot.staffing import scarcity_now
from bot.text_check import lint_in_force, rules_of
from bot.texts.linting import Severity, has_errors

PATIENCE = 15.0
"""Seconds that one check may take."""

_SHOWN = 5


async def check_all(config: Config, path: Path) -> bool:
    """Prints what works and what does not, goes on after a failure; True if all works. Raises `ConfigError` for a
    configuration of which nothing can be used."""
    plan, faults = _understood(config)
    for each in faults:
        _bad("cấu hình / configuration", each)
    if not faults:
        _good("cấu hình / configuration", str(path))
    results = [not faults, *_show_ground(plan, path), await _try("cơ sở dữ liệu / database", _database(plan))]
    is_migrated = results[-1]
    if not config.channels:
        _bad("kênh / channels", "chưa có kênh nào trong cấu hình / none is configured")
        results.append(False)
    if not config.sources:
        _remark(
            "nguồn / sources",
            "chưa có: chỉ gửi điều phần mềm khác yêu cầu qua API / none: nothing is sent but what the API is asked for",
        )
    tries = [(f"kênh / channel {each.name} ({each.kind})", app.check_channel(plan, each)) for each in plan.channels]
    tries += [(f"nguồn / source {each.name} ({each.kind})", _source(each)) for each in plan.sources]
    if plan.config.apologies.template:
        tries.append(("mẫu văn bản / document template", _document_template(plan)))
    results += [await _try(what, attempt) for what, attempt in tries]
    _show_templates(plan)
    for year in years_to_check(plan.config.calendar, utc_now().astimezone(VIETNAM).date()):
        show.console.print(unannounced_line(year), soft_wrap=True)
    if is_migrated:
        results.append(await _texts(plan))
        await _show_administrators(plan)
        await _show_nameless(plan)
        await _show_troubles(plan)
    return all(results)


def _understood(config: Config) -> tuple[app.Plan, list[str]]:
    """What can be used of the configuration, and what is wrong with the tables that cannot."""
    try:
        return app.read_plan(config), []
    except ConfigError as error:
        whole = error
    faults = []
    kept: dict[str, dict[str, dict[str, Any]]] = {"channels": {}, "sources": {}}
    for family, tables in (("channels", config.channels), ("sources", config.sources)):
        for name, table in tables.items():
            alone = {"channels": {}, "sources": {}, "routes": {}, family: {name: table}}
            try:
                app.read_plan(config.model_copy(update=alone))
            except ConfigError as error:
                faults.append(str(error))
            else:
                kept[family][name] = table
    if not faults:
        raise whole
    return app.read_plan(config.model_copy(update={**kept, "routes": {}})), faults


def _show_ground(plan: app.Plan, path: Path) -> list[bool]:
    found = ground(plan, path)
    for each in found:
        _SHOWN_AS[each.weight](each.what, each.detail)
    return [each.weight is not Weight.PROBLEM for each in found]


async def _try(what: str, attempt: Awaitable[str]) -> bool:
    try:
        async with asyncio.timeout(PATIENCE):
            _good(what, await attempt)
    except MotcuaError as error:
        _bad(what, str(error))
        return False
    except TimeoutError:
        _bad(what, f"không trả lời trong {PATIENCE:g} giây / no answer within {PATIENCE:g} s")
        return False
    return True


async def _database(plan: app.Plan) -> str:
    async with app.open_database(plan.config) as storage:
        dossiers, changes = await storage.read(lambda tx: tx.dossiers.count())
        return f"{dossiers:,} hồ sơ / dossiers, {changes:,} thay đổi / changes"


async def _source(configured: app.Configured) -> str:
    """Reads the first page and throws it away: the cursor does not move."""
    async with app.open_source(configured) as source:
        if source.source is None:
            return "chờ phần mềm Một cửa gọi tới / waits for the one-stop software to call"
        page = await read_first_page(source.source)
    if not page.understood and not page.quarantined:
        return "chưa có gì để đọc / nothing to read yet"
    return (
        f"đọc được {len(page.dossiers):,} hồ sơ, {len(page.quarantined):,} chỗ lỗi ở trang đầu / "
        f"first page: {len(page.dossiers):,} dossiers, {len(page.quarantined):,} places not understood; "
        f"xem kỹ / look closer: motcua source check {configured.name}"
    )


async def _document_template(plan: app.Plan) -> str:
    await asyncio.to_thread(check_template, plan.config.apologies)
    return plan.config.apologies.template


def _show_templates(plan: app.Plan) -> None:
    """Kinds of message that a gateway will not send, for want of a registered template."""
    for name, rules in app.sms_rules(plan).items():
        exempt = {*rules.templates, *rules.free_text, Situation.REPLY, Situation.TEST}
        missing = [each.value for each in Situation if not {each, family_of(each)} & exempt]
        if rules.templates_required and missing:
            show.console.print(
                f"! kênh / channel {name}: chưa có mẫu tin đăng ký, sẽ không gửi / no registered template, "
                f"will not be sent: {', '.join(missing)}",
                soft_wrap=True,
            )


async def _texts(plan: app.Plan) -> bool:
    """The texts in force. A published one with an error is not used, and so is no success."""
    async with app.open_database(plan.config) as storage:
        found = await lint_in_force(storage, rules_of(plan), plan.config.texts.language)
    if not found:
        _good("lời gửi công dân / texts", "không có gì phải sửa / nothing to mend")
    for each in found[:_SHOWN]:
        (_bad if each.severity is Severity.ERROR else _remark)("lời gửi công dân / texts", str(each))
    if len(found) > _SHOWN:
        show.console.print(f"… và {len(found) - _SHOWN} chỗ nữa / more: motcua texts lint")
    return not has_errors(found)


async def _show_administrators(plan: app.Plan) -> None:
    """Too few of them are no failure: messages leave without the console."""
    if not plan.config.console.enabled or not plan.config.web.enabled:
        return
    async with app.open_database(plan.config) as storage:
        told = await storage.read(lambda tx: scarcity_now(tx, utc_now()))
    if told:
        _remark("quản trị viên / administrators", told)


async def _show_nameless(plan: app.Plan) -> None:
    """Agencies whose dossiers we have, and which citizens would read of by a code."""
    async with app.open_database(plan.config) as storage:
        known = await storage.read(lambda tx: tx.console.agencies())
    nameless = sorted(code for code, name in known if code and not name)
    if nameless:
        codes = ", ".join(nameless[:_SHOWN]) + (" …" if len(nameless) > _SHOWN else "")
        _remark(
            "cơ quan / agencies",
            f"{len(nameless):,} mã chưa có tên, dân sẽ đọc mã thay tên: {codes}; ghi ở [sources.….agencies] / "
            "codes without a name, which citizens would read: name them there",
        )


async def _show_troubles(plan: app.Plan) -> None:
    async with app.open_database(plan.config) as storage:
        old = await storage.read(lambda tx: tx.restores.old_vaults())
        rows = await storage.read(lambda tx: tx.sources.quarantined(limit=_SHOWN))
        number = await storage.read(lambda tx: tx.sources.count_quarantined())
        words = await storage.read(lambda tx: tx.sources.unknown_statuses())
        sources = await conditions(plan, storage, now=utc_now())
    for name in old:
        _remark(
            f"kênh / channel {name}",
            f"token là của bản sao lưu, có thể đã chết; nếu hỏng: motcua zalo login --channel {name} / its token is "
            "the backup's, which may be dead",
        )
    if number:
        show.console.print(f"\nChỗ không đọc được / places not understood: {number:,} (motcua quarantine list)")
    for row in rows:
        show.console.print(quarantined_line(row), soft_wrap=True)
    if words:
        show.console.print("\nTrạng thái chưa được ánh xạ / status words not mapped:")
    for source, word, times in words[:_SHOWN]:
        show.console.print(f"  {source}: “{word}” × {times:,}", soft_wrap=True)
    for each in sources:
        if each.failure or each.held or (each.state and each.state.braked_at):
            condition(each)


def _good(what: str, detail: str) -> None:
    show.console.print(f"✓ {what}: {detail}", soft_wrap=True)


def _remark(what: str, detail: str) -> None:
    show.console.print(f"! {what}: {detail}", style="yellow", soft_wrap=True)


def _bad(what: str, detail: str) -> None:
    show.console.print(f"✗ {what}: {detail}", style="red", soft_wrap=True)


_SHOWN_AS: Mapping[Weight, Callable[[str, str], None]] = {
    Weight.GOOD: _good,
    Weight.REMARK: _remark,
    Weight.PROBLEM: _bad,
}
