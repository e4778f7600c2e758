"""The commands `motcua restore` and `motcua restored …`: a backup put back, and what is doubtful after it."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from bot import app, show, show_restored
from bot.backup_keys import SealedWith, key_for
from bot.command_line import HERE, IN_A_FILE, ON_SCREEN, AsJson, ConfigPath, in_database, login, plan_of, reading
from bot.command_record import command_entry
from bot.config import Config, StorageSettings
from bot.ledger import balance
from bot.model.clock import VIETNAM, utc_now
from bot.model.errors import ConfigError
from bot.model.message import DeliveryState, OutboxItem
from bot.ports import Storage, Transaction
from bot.ports.restoring import Doubt, Doubtful, Policy
from bot.restore_files import Order, extract, look_in_silence, return_of
from bot.restore_files import restore as put_back
from bot.restoring import Marked, mark, require_silence
from bot.wishes import Carried, carry

_STATES = {
    "waiting": (DeliveryState.HELD,),
    "uncertain": (DeliveryState.UNCERTAIN,),
    "both": (DeliveryState.HELD, DeliveryState.UNCERTAIN),
}
_SINCE = "%Y-%m-%dT%H:%M:%S"

AssumeSent = Annotated[
    bool,
    typer.Option(
        "--assume-sent",
        help="Tin mà nguồn báo lại coi như đã gửi rồi; không có: giữ lại chờ người xem / count news told again as sent",
    ),
]
Migrate = Annotated[bool, typer.Option("--migrate", help="Nâng cấp bản của phiên bản trước / migrate an older one")]
By = Annotated[str | None, typer.Option(help="Ai quyết định; bỏ trống: tên đăng nhập / who; else the login")]
Ids = Annotated[list[str] | None, typer.Argument(help="Mã tin / ids of messages")]
Everything = Annotated[bool, typer.Option("--all", help="Tất cả / all of them")]
Which = Annotated[
    str,
    typer.Option(
        "--which",
        help="waiting: lập sau phục hồi; uncertain: chờ sẵn trong bản cũ; both / planned after it, or waiting in it",
    ),
]
OfSource = Annotated[str, typer.Option("--source", help="Chỉ nguồn này / only of this source")]
OfChannel = Annotated[str, typer.Option("--channel", help="Chỉ kênh hoặc tuyến này / only of this channel or route")]

restored = typer.Typer(
    help="Sau khi trở về bản cũ: đánh dấu, xem, cho gửi, bỏ. / What is doubtful after a return to an older state.",
    no_args_is_help=True,
)


def restore(
    file: Annotated[Path, typer.Argument(help="Tệp sao lưu / the backup")],
    to: Annotated[
        str, typer.Option("--to", help="Nơi khác với [storage] url / another place: sqlite:PATH, postgresql://…")
    ] = "",
    replace: Annotated[
        bool, typer.Option("--replace", help="Thay cơ sở dữ liệu đang có; bản cũ được giữ dưới tên khác / put it aside")
    ] = False,
    migrate: Migrate = False,
    assume_sent: AssumeSent = False,
    files: Annotated[
        Path | None,
        typer.Option("--files", help="Chỉ lấy config.toml, web.key ra thư mục này / only these, into a folder"),
    ] = None,
    by: By = None,
    config: ConfigPath = HERE,
    key: SealedWith = "",
    json: AsJson = False,
) -> None:
    """Phục hồi từ bản sao lưu; dịch vụ phải dừng. / Put a backup back; the service must be stopped."""
    sealed = key_for(key, config)
    if files is not None:
        for path in extract(file, sealed, files):
            show.console.print(f"Đã ghi / written: {path}", soft_wrap=True)
        return
    plan = plan_of(config) if config.exists() or not to else None
    order = Order(
        file=file,
        key=sealed,
        url=to or (plan.config.storage.url if plan else ""),
        at=utc_now(),
        by=by or login(),
        replaces=replace,
        migrates=migrate,
        policy=Policy.ASSUME_SENT if assume_sent else Policy.HOLD,
        programs=plan.config.backup.programs if plan else None,
    )
    done = asyncio.run(put_back(order, plan))
    if json:
        show.as_json(show_restored.as_json(done))
    else:
        show_restored.restored(done)
    if not done.balanced:
        raise typer.Exit(1)


@restored.command("mark")
def mark_(
    since: Annotated[
        str,
        typer.Option(
            "--since", help="Thời điểm của bản cũ, giờ Việt Nam / the older state's moment: 2026-11-23T02:30:00"
        ),
    ],
    assume_sent: AssumeSent = False,
    by: By = None,
    config: ConfigPath = HERE,
    json: AsJson = False,
) -> None:
    """Đánh dấu sau khi trở về bản cũ bằng cách khác (PITR, chép tệp). / Mark after another kind of return."""
    plan, now = plan_of(config), utc_now()
    taken_at = _moment(since)
    if taken_at > now:
        raise ConfigError("--since: thời điểm còn ở phía trước / is in the future")
    policy = Policy.ASSUME_SENT if assume_sent else Policy.HOLD

    async def work(storage: Storage) -> tuple[Marked, bool]:
        await require_silence(storage, now=now)
        marked = await mark(storage, return_of(plan, policy, taken_at, now, by or login(), ""))
        await look_in_silence(storage, plan, now)
        return marked, (await balance(storage)).balanced

    marked, is_even = in_database(plan.config, work)
    if json:
        show.as_json({**show_restored.marked_json(marked), "balanced": is_even})
    else:
        show_restored.marked(marked)


@restored.command("list")
def list_(config: ConfigPath = HERE, json: AsJson = False) -> None:
    """Tin chưa rõ đã gửi hay chưa, và nguồn nào còn trong diện nghi. / What is doubtful."""

    async def read(tx: Transaction) -> tuple[list[Doubt], list[Doubtful], list[OutboxItem]]:
        items = await tx.restores.items(after="", limit=IN_A_FILE if json else ON_SCREEN)
        return await tx.restores.doubts(), await tx.restores.doubtful(), items

    doubts, groups, items = reading(plan_of(config).config, read)
    if json:
        show.as_json(
            {
                "sources": [asdict(each) for each in doubts],
                "groups": [asdict(each) for each in groups],
                "items": [show_restored.item_json(each) for each in items],
            }
        )
        return
    show_restored.doubts(doubts)
    show_restored.groups(groups)
    for item in items:
        line = f"{item.id}  {show.STATE_WORDS[item.state]}  {item.address}  {item.situation}  {item.code}"
        show.console.print(line, soft_wrap=True)


@restored.command()
def release(
    ids: Ids = None,
    everything: Everything = False,
    which: Which = "waiting",
    source: OfSource = "",
    channel: OfChannel = "",
    by: By = None,
    config: ConfigPath = HERE,
) -> None:
    """Cho gửi: theo mã, hay --all. Tin `uncertain` có thể đến hai lần. / Send them after all."""
    number = _decide(ids, everything, which, source, channel, by, config, "db.released", _release)
    show.console.print(f"{number:,} tin được gửi. / {number:,} messages will be sent.")


@restored.command()
def drop(
    ids: Ids = None,
    everything: Everything = False,
    which: Which = "waiting",
    source: OfSource = "",
    channel: OfChannel = "",
    by: By = None,
    config: ConfigPath = HERE,
) -> None:
    """Không gửi: coi như đã gửi rồi. / Do not send them: they count as sent."""
    number = _decide(ids, everything, which, source, channel, by, config, "db.dropped", _drop)
    show.console.print(f"Đã bỏ {number:,} tin. / {number:,} messages were dropped.")


@restored.command("close")
def close_(
    source: Annotated[str, typer.Argument(help="Tên nguồn / name of the source")],
    by: By = None,
    config: ConfigPath = HERE,
) -> None:
    """Nguồn đã báo lại hết: từ nay tin của nó là tin mới. / The source has told everything again."""

    async def work(tx: Transaction) -> bool:
        closed = await tx.restores.close(source, at=utc_now())
        if closed:
            await tx.audit.add([command_entry("db.closed", source, by=by)])
        return closed

    if not in_database(plan_of(config).config, lambda storage: storage.write(work)):
        raise ConfigError(f"{source}: không có nguồn nào như vậy trong diện nghi / no such source is in doubt")
    show.console.print(f"{source}: từ nay là tin mới. / Its news is news from now on.", soft_wrap=True)


@restored.command()
def wishes(
    source: Annotated[
        str, typer.Argument(help="Cơ sở dữ liệu trước khi phục hồi: tệp, hoặc địa chỉ / the one of before: file or URL")
    ],
    by: By = None,
    config: ConfigPath = HERE,
    json: AsJson = False,
) -> None:
    """Làm lại yêu cầu xóa, rút đồng ý, “không nhắn” mà bản cũ chưa biết. / Carry over what people asked for since."""
    plan, who = plan_of(config), by or login()
    url = source if ":" in source and not Path(source).exists() else f"sqlite:{source}"
    if url.startswith("sqlite:") and not Path(url.removeprefix("sqlite:")).is_file():
        raise ConfigError(f"{source}: không có tệp này / there is no such file")
    if _same(url, plan.config.storage.url):
        raise ConfigError(f"{source}: là cơ sở dữ liệu đang dùng / is the database in use")

    async def work(storage: Storage) -> Carried:
        keys = plan.config.storage.keys if await app.sealing.is_sealed(url) else None
        async with app.open_database(Config(storage=StorageSettings(url=url, keys=keys))) as before:
            return await carry(before, storage, utc_now, by=who)

    done = in_database(plan.config, work)
    if json:
        show.as_json(asdict(done))
        return
    show.console.print(
        f"Đã xóa {done.erased:,} người, nhớ {done.remembered:,} yêu cầu xóa, thêm {done.unwanted:,} địa chỉ không "
        f"nhắn, rút {done.withdrawn:,} lần đồng ý, {done.requests:,} yêu cầu xóa còn chờ / {done.erased:,} persons "
        f"erased, {done.remembered:,} erasures remembered, {done.unwanted:,} addresses not to be written to, "
        f"{done.withdrawn:,} consents withdrawn, {done.requests:,} requests for erasure that wait.",
        soft_wrap=True,
    )


def _same(one: str, other: str) -> bool:
    files = [Path(each.removeprefix("sqlite:")).resolve() for each in (one, other) if each.startswith("sqlite:")]
    return one == other or (len(files) > 1 and files[0] == files[1])


_Decision = Callable[[Transaction, list[str] | None, tuple[DeliveryState, ...], str, str, str], Awaitable[int]]


def _decide(
    ids: list[str] | None, everything: bool, which: str, source: str, channel: str, by: str | None, config: Path,
    what: str, decide: _Decision,
) -> int:  # fmt: skip
    if bool(ids) == everything:
        raise ConfigError("xin cho biết mã tin, hoặc --all / name the messages, or --all")
    if which not in _STATES:
        raise ConfigError(f"--which {which}: {' | '.join(_STATES)}")
    who = by or login()
    chosen = None if everything else list(ids or ())

    async def work(tx: Transaction) -> int:
        number = await decide(tx, chosen, _STATES["both" if chosen else which], source, channel, who)
        if number:
            after = {"messages": number, **({"source": source} if source else {})}
            await tx.audit.add([command_entry(what, by=who, after=after)])
        return number

    return in_database(plan_of(config).config, lambda storage: storage.write(work))


async def _release(
    tx: Transaction, ids: list[str] | None, states: tuple[DeliveryState, ...], source: str, channel: str, who: str
) -> int:
    return await tx.restores.release(ids, states=states, source=source, channel=channel, at=utc_now())


async def _drop(
    tx: Transaction, ids: list[str] | None, states: tuple[DeliveryState, ...], source: str, channel: str, who: str
) -> int:
    reason = f"restored: dropped by {who}"
    return await tx.restores.drop(ids, states=states, source=source, channel=channel, reason=reason, at=utc_now())


def _moment(text: str) -> datetime:
    """Raises `ConfigError`."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise ConfigError(f"--since {text}: xin viết như / write {utc_now().astimezone(VIETNAM):{_SINCE}}") from None
    return found if found.tzinfo else found.replace(tzinfo=VIETNAM)
