"""What guessing tells: of logins, keys, dossiers, broadcasts, people and phones, in words, in lengths and in work."""

import re
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from bot.model.staff import Grant, Role
from storage.statements import Statements
from tests.attack.house import OTHER, OTHER_CODE, WARD, House, dossier, plain, put


@contextmanager
def counted() -> Iterator[Counter[str]]:
    """The statements that are put to the database meanwhile, by name."""
    counts: Counter[str] = Counter()
    originals = {name: getattr(Statements, name) for name in ("rows", "row", "value", "change")}

    def counting(original: Any) -> Any:
        async def counted_one(self: Statements, name: str, /, **values: Any) -> Any:
            counts[name] += 1
            return await original(self, name, **values)

        return counted_one

    for name, original in originals.items():
        setattr(Statements, name, counting(original))
    try:
        yield counts
    finally:
        for name, original in originals.items():
            setattr(Statements, name, original)


async def test_keys_that_open_nothing_are_answered_alike_and_cost_alike(house: House) -> None:
    """Unknown, one letter off, revoked, expired: a stranger cannot tell which."""
    good, header = await house.key()
    revoked, was_good = await house.key()
    _, old = await house.key(lives=timedelta(seconds=-1))
    await house.app.storage.write(lambda tx: tx.api.revoke(revoked.id, at=house.app.clock(), by="lan"))
    shown = header["Authorization"]
    guesses = [
        re.sub(r"_[0-9a-z]{16}_", f"_{'0' * 16}_", shown),
        shown[:-1] + ("A" if shown[-1] != "A" else "B"),
        was_good["Authorization"],
        old["Authorization"],
    ]
    seen = set()
    for guess in guesses:
        with counted() as asked:
            async with house.http.get(f"{house.url}/api/v1/notifications", headers={"Authorization": guess}) as answer:
                headers = {name: value for name, value in answer.headers.items() if name != "Date"}
                seen.add((answer.status, await answer.text(), str(headers), asked.total()))

    assert len(seen) == 1
    assert seen.pop()[0] == 401
    assert await house.status("GET", "/api/v1/notifications", headers=header) == 200
    assert good.id


async def test_logins_that_lead_nowhere_cost_alike(house: House) -> None:
    """The pages are compared by tests of the door; here the work behind them."""
    await house.rig.login(Role.CLERK, login="lan")
    gone = await house.rig.login(Role.CLERK, login="binh")
    await house.rig.staffing.disable(gone.member.id)
    work = {}
    for login in ("khong-co", "lan", "binh"):
        stranger = await house.rig.stranger()
        await stranger.get("/dang-nhap")
        with counted() as asked:
            await stranger.post("/dang-nhap", login=login, password="sai mật khẩu rồi")
        work[login] = {name: count for name, count in asked.items() if not name.startswith("audit")}
        assert stranger.status == 403

    assert set(work["khong-co"]) <= set(work["lan"])
    assert sum(work["lan"].values()) - sum(work["khong-co"].values()) <= 3, work


async def test_what_is_anothers_and_what_is_not_there_are_one_page(house: House) -> None:
    """Dossiers, messages, broadcasts, keys, talks: by address, for staff of another agency and for keys of one."""
    await put(house, dossier(), dossier(OTHER_CODE))
    other_key, _ = await house.key(OTHER)
    chief = await house.staff(Grant(Role.ADMINISTRATOR, OTHER), Grant(Role.CLERK, OTHER))
    await chief.get("/phat-tin/moi")
    await chief.post("/phat-tin/moi", title="Của xã khác", agency=OTHER)
    theirs = chief.where.split("/")[2]
    clerk = await house.staff(*(Grant(role, WARD) for role in Role))
    pairs = [
        (f"/ho-so/ward/{OTHER_CODE}", f"/ho-so/ward/{OTHER}-240823-0009"),
        (f"/phat-tin/{theirs}", "/phat-tin/PT-261123-9999"),
        (f"/phat-tin/{theirs}/ket-qua", "/phat-tin/PT-261123-9999/ket-qua"),
        (f"/khoa-api/{other_key.id}", "/khoa-api/0000000000000000"),
        (f"/nhan-su/{chief.member.id}", "/nhan-su/m-khong-co"),
    ]
    for theirs_path, none_path in pairs:
        seen = []
        for path in (theirs_path, none_path):
            page = plain(await clerk.get(path))
            name = path.rsplit("/", 2)[-1] if not path.endswith("ket-qua") else path.rsplit("/", 2)[-2]
            seen.append((clerk.status, page.replace(name, "").replace(path, "")))
        assert seen[0] == seen[1], theirs_path
        assert seen[0][0] == 404, theirs_path

    _, key = await house.key(WARD)
    said = []
    for code in (OTHER_CODE, f"{OTHER}-240823-0009"):
        body = {"situation": "result", "to": {"kind": "dossier", "code": code}}
        async with house.http.post(f"{house.url}/api/v1/notifications", headers=key, json=body) as answer:
            said.append((answer.status, (await answer.text()).replace(code, "")))
    assert said[0] == said[1]


async def test_a_phone_that_is_known_is_answered_as_one_that_is_not(house: House) -> None:
    """To bind a chat: whoever types a number learns nothing of who has it, by words or by their length."""
    await put(house, dossier())
    said = []
    for phone in ("0912345678", "0987654321"):
        visitor = await house.visitor()
        await visitor.post("/chat/messages", {"id": "aaaaaaaa", "text": "liên kết số điện thoại"})
        await visitor.post("/chat/messages", {"id": "bbbbbbbb", "text": phone})
        rows = house.rows("SELECT text FROM outbox WHERE channel = 'webchat' ORDER BY id DESC LIMIT 1")
        said.append(rows[0][0].replace(phone[-3:], "•••"))

    assert said[0] == said[1]
    codes = house.rows("SELECT COUNT(*) FROM outbox WHERE channel <> 'webchat'")
    assert codes == [(2,)], "a code goes to both"
