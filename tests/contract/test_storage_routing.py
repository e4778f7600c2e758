"""Shares, moves and pauses of gateways and routes, their minutes, and the warnings of the budget."""

import asyncio

from bot.model.message import DeliveryState
from bot.ports import Minute, Move, Pause, Spent, Storage, Transaction
from tests.contract.storage_values import NOW, a_settlement, an_item, claim, enqueue, later, settle

QUIET = Pause("esms", NOW, "chị Hoa", "bảo trì đêm")


async def test_a_move_sets_the_share_and_is_noted(storage: Storage) -> None:
    moves = [Move("esms", NOW, 100, 60, "12% lỗi"), Move("fpt", later(minutes=1), 100, 40, "chậm", "anh Nam")]

    for move in [*moves, Move("esms", later(minutes=2), 60, 30, "15% lỗi")]:
        await storage.write(lambda tx, m=move: tx.routing.move(m))  # type: ignore[misc]

    assert await storage.read(lambda tx: tx.routing.shares()) == {"esms": 30, "fpt": 40}
    newest, *older = await storage.read(lambda tx: tx.routing.moves(limit=3))
    assert (newest.before, newest.after) == (60, 30)
    assert older == moves[::-1]


async def test_moves_are_listed_newest_first_for_one_name_or_all(storage: Storage) -> None:
    async def work(tx: Transaction) -> None:
        for number in range(6):
            await tx.routing.move(Move(f"g{number % 2}", NOW, number, number + 1, ""))

    await storage.write(work)

    everything = await storage.read(lambda tx: tx.routing.moves(limit=4))
    of_one = await storage.read(lambda tx: tx.routing.moves(limit=2, name="g1"))
    assert [move.before for move in everything] == [5, 4, 3, 2]
    assert [move.before for move in of_one] == [5, 3]
    assert await storage.read(lambda tx: tx.routing.moves(limit=2, name="nobody")) == []


async def test_a_pause_stops_once_and_is_noted_as_a_move_to_nothing(storage: Storage) -> None:
    await storage.write(lambda tx: tx.routing.move(Move("esms", NOW, 100, 60, "lỗi")))

    first = await storage.write(lambda tx: tx.routing.pause(QUIET))
    again = await storage.write(lambda tx: tx.routing.pause(Pause("esms", later(hours=1), "ai đó", "nữa")))

    assert (first, again) == (True, False)
    assert await storage.read(lambda tx: tx.routing.pauses()) == {"esms": QUIET}
    [newest, _] = await storage.read(lambda tx: tx.routing.moves(limit=9))
    assert newest == Move("esms", NOW, 60, 0, "bảo trì đêm", "chị Hoa")
    assert await storage.read(lambda tx: tx.routing.shares()) == {"esms": 60}


async def test_what_is_resumed_has_its_share_again(storage: Storage) -> None:
    await storage.write(lambda tx: tx.routing.pause(QUIET))

    async def resume(tx: Transaction) -> bool:
        return await tx.routing.resume("esms", at=later(hours=1), by="anh Nam", reason="xong")

    first, again = await storage.write(resume), await storage.write(resume)

    assert (first, again) == (True, False)
    assert await storage.read(lambda tx: tx.routing.pauses()) == {}
    assert await storage.read(lambda tx: tx.routing.moves(limit=9)) == [
        Move("esms", later(hours=1), 0, 100, "xong", "anh Nam"),
        Move("esms", NOW, 100, 0, "bảo trì đêm", "chị Hoa"),
    ]
    assert await storage.write(lambda tx: tx.routing.pause(QUIET))


async def test_of_two_who_pause_at_once_one_did(storage: Storage) -> None:
    stopped = await asyncio.gather(*(storage.write(lambda tx: tx.routing.pause(QUIET)) for _ in range(8)))

    assert sorted(stopped) == [False] * 7 + [True]
    assert len(await storage.read(lambda tx: tx.routing.moves(limit=9))) == 1


async def test_minutes_are_read_from_a_moment_on_and_forgotten_before_one(storage: Storage) -> None:
    for number, gateway in enumerate(["fpt", "esms", "fpt"]):
        await enqueue(storage, an_item(number))
        await claim(storage, gateway=gateway)
        answered = later(minutes=number // 2, seconds=5)
        await settle(storage, a_settlement(an_item(number).id, DeliveryState.ACCEPTED, at=answered))
    early_1, early_2 = (Minute(gateway=gateway, minute=NOW, accepted=1) for gateway in ("esms", "fpt"))
    late = Minute(gateway="fpt", minute=later(minutes=1), accepted=1)

    assert await storage.read(lambda tx: tx.routing.minutes(since=NOW)) == [early_1, early_2, late]
    assert await storage.read(lambda tx: tx.routing.minutes(since=later(seconds=1))) == [late]
    assert await storage.write(lambda tx: tx.routing.forget_minutes(before=later(minutes=1))) == 2
    assert await storage.read(lambda tx: tx.routing.minutes(since=NOW)) == [late]


async def test_nobodys_carrier_is_asked_for_nothing(storage: Storage) -> None:
    assert await storage.read(lambda tx: tx.routing.carriers([])) == {}
    assert await storage.read(lambda tx: tx.routing.carriers(["sms:+84912345678"])) == {}


async def test_a_budgets_warning_is_given_once_a_month(storage: Storage) -> None:
    async def warn(month: str) -> bool:
        return await storage.write(lambda tx: tx.spending.warned("H29", month, at=NOW))

    given = [await warn("2026-03"), await warn("2026-03"), await warn("2026-04")]

    assert given == [True, False, True]
    assert await storage.read(lambda tx: tx.spending.of_month("2026-03")) == {"H29": Spent(0, 0, 0, NOW)}


async def test_a_warning_and_what_is_spent_later_stand_together(storage: Storage) -> None:
    await storage.write(lambda tx: tx.spending.warned("H29", "2026-03", at=NOW))
    await enqueue(storage, an_item(1, agency="H29"), an_item(2, agency="H30", parts=2))
    await claim(storage)

    accepted = DeliveryState.ACCEPTED
    await settle(
        storage, a_settlement(an_item(1).id, accepted, cost=350), a_settlement(an_item(2).id, accepted, cost=700)
    )

    month = await storage.read(lambda tx: tx.spending.of_month("2026-03"))
    assert month == {"H29": Spent(1, 1, 350, NOW), "H30": Spent(1, 2, 700)}
    assert await storage.write(lambda tx: tx.spending.warned("H30", "2026-03", at=NOW))
    assert await storage.read(lambda tx: tx.spending.of_month("2026-05")) == {}
