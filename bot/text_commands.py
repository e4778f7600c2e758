"""The commands `motcua texts …`: what is said to citizens, written, checked, tried, published and rolled back."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated

import typer

from bot import app, show, show_texts, text_versions
from bot.auditing import Told
from bot.command_line import HERE, AsJson, ConfigPath, in_database, login, plan_of, reading
from bot.command_record import command_entry, dossier_look, looked, recorded
from bot.model.audit import Entry
from bot.model.clock import utc_now
from bot.model.dossier import Dossier
from bot.model.errors import ConfigError
from bot.model.ids import id_maker
from bot.model.message import Situation
from bot.model.wording import EDITABLE, TextKey, Version
from bot.ports import Transaction
from bot.tariff import tariff_of
from bot.text_check import lint_shipped, rules_of
from bot.text_preview import as_json, preview
from bot.text_versions import DRAFT_ELSE_IN_FORCE, IN_FORCE, Chosen, InForce, choose, configured_zbs, roll_back
from bot.texts.catalogue import LANGUAGES
from bot.texts.drafts import DraftFile, as_toml
from bot.texts.linting import Finding, Rules, has_errors, lint

texts = typer.Typer(
    help="Lời gửi công dân: xem, sửa, kiểm, thử, ban hành, quay lại bản cũ. / What is said to citizens.",
    no_args_is_help=True,
)

Of = Annotated[Situation, typer.Argument(help="Tình huống, xem `motcua texts list` / a situation")]
Language = Annotated[str, typer.Option("--language", "-l", help="vi | en")]
Agency = Annotated[str, typer.Option("--agency", help="Mã cơ quan; bỏ trống: mọi cơ quan / agency; empty: all")]
Number = Annotated[int | None, typer.Option("--version", "-v", min=0, help="Số bản; 0: lời có sẵn / 0: as shipped")]
By = Annotated[str | None, typer.Option(help="Ai quyết định; bỏ trống: tên đăng nhập / who; else the login")]
Note = Annotated[str, typer.Option("--note", help="Vì sao, ghi vào lịch sử / why, for the record")]


@texts.command("list")
def list_(language: Language = "vi", config: ConfigPath = HERE, json: AsJson = False) -> None:
    """Các tình huống và bản đang dùng. / All situations, and which version is in force."""
    current = reading(plan_of(config).config, lambda tx: tx.texts.current())
    if json:
        show.as_json(show_texts.versions_json(current))
        return
    versions = defaultdict[TextKey, list[Version]](list)
    for each in current:
        versions[each.key].append(each)
    own = [key for key in versions if key.language == _language(language)]
    keys = sorted({*own, *(TextKey(each, language) for each in EDITABLE)}, key=_order)
    show_texts.in_force(keys, versions)


@texts.command("show")
def show_(
    situation: Of, language: Language = "vi", agency: Agency = "", version: Number = None, config: ConfigPath = HERE
) -> None:
    """Đọc một lời: bản đang dùng, hoặc bản nêu số. / Read the text in force, or the version named."""
    chosen = _chosen(config, _key(situation, language, agency), IN_FORCE if version is None else version)
    show_texts.text(chosen.key, chosen.wording, chosen.title)


@texts.command()
def export(
    situation: Of,
    language: Language = "vi",
    agency: Agency = "",
    version: Number = None,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Tệp; bỏ trống: màn hình / a file")] = None,
    config: ConfigPath = HERE,
) -> None:
    """Xuất một lời ra TOML để sửa rồi nạp lại bằng `edit`. / Write a text as TOML, for `edit`."""
    key = _key(situation, language, agency)
    text = as_toml(key, _chosen(config, key, DRAFT_ELSE_IN_FORCE if version is None else version).wording)
    if output is None:
        show.console.print(text, end="", markup=False, highlight=False, soft_wrap=True)
        return
    try:
        output.write_text(text, encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"{output}: không ghi được / cannot be written: {error.strerror}") from None
    show.console.print(
        f"{output}: đã ghi, sửa rồi chạy / written; change it, then: motcua texts edit --file {output}",
        soft_wrap=True,
    )


@texts.command()
def edit(
    file: Annotated[Path, typer.Option("--file", "-f", help="Tệp TOML như `export` viết / as `export` writes it")],
    note: Note = "",
    by: By = None,
    config: ConfigPath = HERE,
) -> None:
    """Lưu bản nháp từ một tệp. Chưa ai nhận lời này cho tới khi ban hành. / Keep a draft; nobody reads it yet."""
    plan, draft = plan_of(config), _read(file)
    found = lint(draft.key, draft.wording, rules_of(plan))
    show_texts.findings(found)
    who, now, why = by or login(), utc_now(), note or draft.note

    def told(number: int) -> Entry:
        key = draft.key
        return command_entry("text.drafted", str(key), by=who, agency=key.agency, after={"number": number})

    number = in_database(
        plan.config,
        lambda storage: recorded(storage, told).write(
            lambda tx: tx.texts.draft(draft.key, draft.wording, by=who, at=now, note=why)
        ),
    )
    show.console.print(f"Đã lưu bản nháp {number} của {draft.key}. / Draft {number} is kept.", soft_wrap=True)
    if has_errors(found):
        show.console.print("Còn lỗi nên chưa ban hành được. / It has errors and cannot be published.", style="red")
        raise typer.Exit(1)


@texts.command("lint")
def lint_(
    situation: Annotated[Situation | None, typer.Argument(help="Bỏ trống: mọi lời / empty: all texts")] = None,
    language: Language = "vi",
    agency: Agency = "",
    version: Number = None,
    file: Annotated[Path | None, typer.Option("--file", "-f", help="Kiểm một tệp, không lưu / a file")] = None,
    config: ConfigPath = HERE,
    json: AsJson = False,
) -> None:
    """Tìm chỗ sai trong lời: bản nháp nếu có, không thì bản đang dùng. / What is wrong with the texts."""
    plan = plan_of(config)
    rules = rules_of(plan)
    if file:
        draft = _read(file)
        found = lint(draft.key, draft.wording, rules)
    elif situation:
        wanted = DRAFT_ELSE_IN_FORCE if version is None else version
        chosen = _chosen(config, _key(situation, language, agency), wanted)
        found = lint(chosen.key, chosen.wording, rules)
    else:
        found = _everything(reading(plan.config, lambda tx: tx.texts.current()), rules)
    if json:
        show.as_json(show_texts.findings_json(found))
    else:
        show_texts.findings(found)
    if has_errors(found):
        raise typer.Exit(1)


@texts.command("preview")
def preview_(
    situation: Of,
    code: Annotated[str, typer.Option("--code", help="Mã một hồ sơ trong bản sao / a dossier of the mirror")],
    language: Language = "vi",
    version: Number = None,
    given: Annotated[
        list[str] | None, typer.Option("--set", help="Thêm giá trị: reason=… / a value that the dossier lacks")
    ] = None,
    config: ConfigPath = HERE,
    json: AsJson = False,
) -> None:
    """Xem lời với một hồ sơ thật trên mọi kênh; không gửi gì. / See the text with a real dossier; nothing is sent."""
    plan = plan_of(config)
    values, dossier = _values(plan, situation, code)
    wanted, key = DRAFT_ELSE_IN_FORCE if version is None else version, _key(situation, language, dossier.agency)
    chosen = _chosen(config, key, wanted)
    look = dossier_look(dossier, text=str(key))
    in_database(plan.config, lambda storage: looked(storage, look))
    filled = dict(values) | dict(_pair(each) for each in given or ())
    shown = preview(chosen.key, chosen.wording, filled, rules_of(plan), configured_zbs(plan, situation))
    if json:
        show.as_json(as_json(shown))
    else:
        show_texts.preview(shown, f"{chosen.title} · {code}", tariff_of(plan.config, None))
    if shown.missing:
        raise typer.Exit(1)


@texts.command()
def diff(
    situation: Of,
    before: Annotated[int | None, typer.Argument(min=0, help="Bản cũ; bỏ trống: đang dùng / else: in force")] = None,
    after: Annotated[int | None, typer.Argument(min=0, help="Bản mới; bỏ trống: nháp / else: the draft")] = None,
    language: Language = "vi",
    agency: Agency = "",
    config: ConfigPath = HERE,
) -> None:
    """So hai bản; mặc định bản đang dùng với bản nháp. / Compare two versions; else what is in force and the draft."""
    key = _key(situation, language, agency)
    old = _chosen(config, key, IN_FORCE if before is None else before)
    new = _chosen(config, key, DRAFT_ELSE_IN_FORCE if after is None else after)
    show_texts.difference(key, (old.name, old.wording), (new.name, new.wording))


@texts.command()
def history(
    situation: Of, language: Language = "vi", agency: Agency = "", config: ConfigPath = HERE, json: AsJson = False
) -> None:
    """Mọi bản của một lời: ai, khi nào, vì sao. / All versions of a text: who, when, why."""
    key = _key(situation, language, agency)
    versions = reading(plan_of(config).config, lambda tx: tx.texts.history(key))
    if json:
        show.as_json(show_texts.versions_json(versions))
    else:
        show_texts.history(versions)


@texts.command()
def publish(
    situation: Of, language: Language = "vi", agency: Agency = "", by: By = None, config: ConfigPath = HERE
) -> None:
    """Ban hành bản nháp: từ nay công dân nhận lời này. / Put the draft in force."""
    plan, key = plan_of(config), _key(situation, language, agency)
    rules, who, now = rules_of(plan), by or login(), utc_now()

    async def work(tx: Transaction) -> InForce | None:
        return await text_versions.publish(tx, key, rules, by=who, at=now)

    told = _told("text.published", key, who)
    made = in_database(plan.config, lambda storage: recorded(storage, told).write(work))
    if made is None:
        raise ConfigError(f"{key}: không có bản nháp / there is no draft; xem / see: motcua texts edit")
    number = made.number
    if made.findings:
        show_texts.findings(made.findings)
    if made.is_refused:
        raise ConfigError(f"{key}: bản {number} còn lỗi, chưa ban hành / version {number} has errors, not published")
    show.console.print(f"Đã ban hành bản {number} của {key}. / Version {number} is in force.", soft_wrap=True)


@texts.command()
def rollback(
    situation: Of,
    to: Annotated[int, typer.Option("--to", min=0, help="Số bản cũ; 0: lời có sẵn / 0: as shipped")],
    language: Language = "vi",
    agency: Agency = "",
    note: Note = "",
    by: By = None,
    config: ConfigPath = HERE,
) -> None:
    """Dùng lại một bản cũ, thành bản mới; lịch sử giữ nguyên. / An older version again, as a new one."""
    plan, key = plan_of(config), _key(situation, language, agency)
    rules, who, now = rules_of(plan), by or login(), utc_now()

    async def work(tx: Transaction) -> InForce | None:
        return await roll_back(tx, key, to, rules, by=who, at=now, note=note)

    told = _told("text.retired" if to == text_versions.SHIPPED else "text.rolled_back", key, who, to=to)
    made = in_database(plan.config, lambda storage: recorded(storage, told).write(work))
    if made is None:
        raise ConfigError(f"{key}: bản {to} chưa từng ban hành / version {to} was never published")
    if made.is_refused:
        first = made.findings[0]
        raise ConfigError(f"{key}: bản {to} nay có lỗi / version {to} has errors now: {first.vi} / {first.en}")
    number = made.number
    says = f"bản {number}" if number else "lời có sẵn, hoặc lời của cơ quan cấp trên / as shipped, or as above"
    show.console.print(f"{key}: nay dùng / in force now: {says}", soft_wrap=True)


# What they share


def _told(what: str, key: TextKey, by: str, **more: int) -> Told:
    def tell(made: InForce | None) -> Entry | None:
        if made is None or made.is_refused:
            return None
        return command_entry(what, str(key), by=by, agency=key.agency, after={"number": made.number, **more})

    return tell


def _language(language: str) -> str:
    if language not in LANGUAGES:
        raise ConfigError(f"--language {language}: chỉ có / there are only: {', '.join(LANGUAGES)}")
    return language


def _key(situation: Situation, language: str, agency: str) -> TextKey:
    if situation not in EDITABLE:
        raise ConfigError(f"lời của “{situation}” không sửa được / the words of “{situation}” cannot be changed")
    return TextKey(situation, _language(language), agency.strip())


def _order(key: TextKey) -> tuple[int, str]:
    return EDITABLE.index(key.situation), key.agency


def _chosen(config: Path, key: TextKey, wanted: int) -> Chosen:
    return reading(plan_of(config).config, lambda tx: choose(tx, key, wanted))


def _read(file: Path) -> DraftFile:
    try:
        return DraftFile.of(file.read_text(encoding="utf-8-sig"), str(file))
    except (OSError, UnicodeDecodeError):
        raise ConfigError(f"{file}: không đọc được / cannot be read") from None


def _everything(current: Sequence[Version], rules: Rules) -> list[Finding]:
    found = [finding for each in current for finding in lint(each.key, each.wording, rules)]
    return found + lint_shipped(rules)


def _values(plan: app.Plan, situation: Situation, code: str) -> tuple[Mapping[str, str], Dossier]:
    """The values of a dossier, and the dossier."""
    found = reading(plan.config, lambda tx: tx.dossiers.find(code.strip().upper()))
    if not found:
        raise ConfigError(f"{code}: không có hồ sơ này trong bản sao / no such dossier in the mirror")
    planner = app.planner_for(plan, id_maker(utc_now))
    return planner.values(situation, None, found[0]), found[0]


def _pair(written: str) -> tuple[str, str]:
    name, sign, value = written.partition("=")
    if not sign:
        raise ConfigError(f"--set {written}: viết / write --set reason=…")
    return name.strip(), value
