"""Texts in the console: previewed, written, checked, published, compared, rolled back; each within her agencies."""

import asyncio
from dataclasses import replace

from playwright.async_api import Page

from bot.model.message import Situation
from bot.model.staff import Grant, Role
from bot.model.wording import EDITABLE, TextKey, TextState, Version, Wording
from bot.texts.catalogue import shipped
from tests.support.making import OWNER_PHONE, code
from tests.web.axe import grave_violations
from tests.web.console.desk import OTHER, WARD, mirrored, soon
from tests.web.console.rig import Clerk, Rig

KEY = TextKey(Situation.RESULT, "vi")
OF_WARD = TextKey(Situation.RESULT, "vi", WARD)
SHIPPED = shipped("vi")[Situation.RESULT]
XSS = "<script>alert(1)</script>"
RESULT = "/mau-tin/result"


def fields(**changes: str) -> dict[str, str]:
    """The form as it would be sent."""
    return {
        "chat": SHIPPED.chat,
        "sms": SHIPPED.sms,
        "sms_accented": SHIPPED.sms_accented,
        "required": ", ".join(SHIPPED.required),
        "flexible": ", ".join(SHIPPED.flexible),
        "forms": "",
        "draft": "0",
        **changes,
    }


async def history(rig: Rig, key: TextKey = KEY) -> list[Version]:
    return await rig.storage.read(lambda tx: tx.texts.history(key))


async def save(clerk: Clerk, **changes: str) -> None:
    await clerk.get(f"{RESULT}/sua")
    await clerk.post(f"{RESULT}/sua", fields(**changes))


async def published(rig: Rig, wording: Wording = SHIPPED, key: TextKey = KEY) -> int:
    now = rig.clock()
    number = await rig.storage.write(lambda tx: tx.texts.draft(key, wording, by="lan", at=now))
    assert await rig.storage.write(lambda tx: tx.texts.publish(key, number, by="lan", at=now))
    return number


async def test_every_situation_is_listed_and_can_be_opened_in_both_languages(rig: Rig) -> None:
    clerk = await rig.staff(Role.VIEWER)
    page = await clerk.get("/mau-tin")

    for situation in EDITABLE:
        assert f"/mau-tin/{situation}?" in page
        for language in ("vi", "en"):
            await clerk.get(f"/mau-tin/{situation}?ngon-ngu={language}&gia-tri=dai")
            assert clerk.status == 200
            assert "Lời có sẵn" in clerk.words

    await clerk.get("/mau-tin/reply")
    assert clerk.status == 404


async def test_a_text_stands_side_by_side_with_parts_and_dong(rig: Rig) -> None:
    clerk = await rig.staff(Role.VIEWER)

    await clerk.get(RESULT)
    ordinary = clerk.words
    await clerk.get("/mau-tin/apology?gia-tri=dai")

    assert "SMS không dấu Kinh gui Ong/Ba" in ordinary
    assert "SMS có dấu Kính gửi Ông/Bà" in ordinary
    assert "tin SMS" in ordinary
    assert " đ " in ordinary
    assert "Trong SMS bị rút ngắn" in clerk.words


async def test_a_real_dossier_is_a_look_that_is_recorded_and_shows_no_phone(rig: Rig) -> None:
    await mirrored(rig, 1, due=soon(rig))
    clerk = await rig.staff(Grant(Role.VIEWER, WARD))
    stranger = await rig.staff(Grant(Role.VIEWER, OTHER))

    page = await clerk.get(f"{RESULT}?co-quan={WARD}&ma={code(1).lower()}")
    await stranger.get(f"{RESULT}?co-quan={OTHER}&ma={code(1)}")
    foreign = stranger.words
    await stranger.get(f"{RESULT}?co-quan={OTHER}&ma={code(9)}")

    assert code(1) in clerk.words
    assert OWNER_PHONE not in page
    assert "Không có hồ sơ này trong phạm vi" in foreign
    assert foreign.replace(code(1), "") == stranger.words.replace(code(9), "")
    assert [(each.subject, each.by) for each in await rig.recorded("dossier.looked")] == [(code(1), clerk.member.login)]


async def test_a_draft_is_kept_and_the_linter_speaks_at_once(rig: Rig) -> None:
    clerk = await rig.staff(Role.CLERK, login="lan")

    await save(clerk, sms=SHIPPED.sms + " Xem http://abc.vn", note="thêm đường dẫn")

    assert clerk.where.startswith(f"{RESULT}?")
    assert "Bản này còn lỗi nên chưa ban hành được." in clerk.words
    assert "Lỗi Lời trong SMS: có đường dẫn “http:”" in clerk.words
    (draft,) = await history(rig)
    assert (draft.state, draft.made_by, draft.note) == (TextState.DRAFT, "lan", "thêm đường dẫn")
    assert [each.after["number"] for each in await rig.recorded("text.drafted")] == [1]


async def test_other_values_are_asked_about_once_more(rig: Rig) -> None:
    clerk = await rig.staff(Role.CLERK)
    chat = SHIPPED.chat + " {% if tracking %}{{ tracking }}{% endif %}"

    await save(clerk, chat=chat)
    asked, kept = clerk.words, await history(rig)
    await clerk.post(f"{RESULT}/sua", fields(chat=chat, confirmed="+tracking"))

    assert "Bản này dùng các giá trị khác" in asked
    assert "Thêm: tracking" in asked
    assert kept == []
    assert len(await history(rig)) == 1


async def test_a_confirmation_holds_for_the_change_that_it_named(rig: Rig) -> None:
    clerk = await rig.staff(Role.CLERK)
    chat = SHIPPED.chat + " {% if fee %}{{ fee }}{% endif %}"

    await save(clerk, chat=chat, confirmed="+tracking")

    assert "Thêm: fee" in clerk.words
    assert await history(rig) == []


async def test_two_who_write_at_once_do_not_overwrite_each_other(rig: Rig) -> None:
    first, second = await rig.staff(Role.CLERK), await rig.staff(Role.CLERK)
    await first.get(f"{RESULT}/sua")
    await second.get(f"{RESULT}/sua")

    await asyncio.gather(
        first.post(f"{RESULT}/sua", fields(chat=SHIPPED.chat + " Một.")),
        second.post(f"{RESULT}/sua", fields(chat=SHIPPED.chat + " Hai.")),
    )

    assert len(await history(rig)) == 1
    assert sorted((first.status, second.status)) == [200, 422]
    loser = first if first.status == 422 else second
    assert "Có người vừa lưu một bản nháp khác." in loser.words


async def test_what_cannot_be_read_is_kept_and_shown_with_its_mistake(rig: Rig) -> None:
    clerk = await rig.staff(Role.CLERK)

    await save(clerk, chat="{% for x in y %}")
    shown = clerk.words
    await save(clerk, draft="1", forms='agency = "H99"\n[zbs]\nid = "!"')

    assert "sai cú pháp nên chưa xem thử được" in shown
    assert clerk.status == 422
    assert "Chưa lưu được" in clerk.words
    assert await history(rig, TextKey(Situation.RESULT, "vi", "H99")) == []


async def test_registered_templates_come_with_the_text(rig: Rig) -> None:
    clerk = await rig.staff(Role.CLERK)

    await save(clerk, forms='[zbs]\nid = "12345"\n[zbs.parameters]\nma = "code"')
    page = await clerk.get(f"{RESULT}/sua")

    (draft,) = await history(rig)
    assert [(form.id, dict(form.parameters)) for form in draft.wording.forms] == [("12345", {"ma": "code"})]
    assert "[zbs.parameters]" in page
    await clerk.get(RESULT)
    assert "Mẫu ZBS 12345 ma H32.15.02-261122-0001" in clerk.words


async def test_who_administers_publishes_the_draft_that_was_seen(rig: Rig) -> None:
    clerk, head = await rig.staff(Role.CLERK), await rig.staff(Role.ADMINISTRATOR, login="lan")
    await save(clerk, chat=SHIPPED.chat + " Một.")
    await head.get(RESULT)
    await save(clerk, chat=SHIPPED.chat + " Hai.", draft="1")

    await head.post(f"{RESULT}/ban-hanh", ban="1")
    stale = head.words
    await head.post(f"{RESULT}/ban-hanh", ban="2")
    done = head.words
    await head.post(f"{RESULT}/ban-hanh", ban="2")

    assert "Không còn bản đó" in stale
    assert "Bản 2 đang có hiệu lực." in done
    assert "Không còn bản đó" in head.words
    newest = (await history(rig))[0]
    assert (newest.number, newest.state, newest.published_by) == (2, TextState.PUBLISHED, "lan")
    assert [(each.by, each.after["number"]) for each in await rig.recorded("text.published")] == [("lan", 2)]


async def test_a_text_with_errors_is_not_published(rig: Rig) -> None:
    head = await rig.staff(Role.ADMINISTRATOR)
    await save(head, sms=SHIPPED.sms + " http://abc.vn")

    await head.post(f"{RESULT}/ban-hanh", ban="1")

    assert "còn lỗi nên không đưa vào dùng được" in head.words
    assert (await history(rig))[0].state is TextState.DRAFT
    assert await rig.recorded("text.published") == []


async def test_a_clerk_writes_and_does_not_publish(rig: Rig) -> None:
    clerk = await rig.staff(Role.APPROVER)
    await save(clerk, chat=SHIPPED.chat + " Một.")

    page = clerk.page
    await clerk.post(f"{RESULT}/ban-hanh", ban="1")

    assert "Ban hành bản 1" not in page
    assert "chờ quản trị viên ban hành" in page
    assert clerk.status == 403


async def test_an_older_version_comes_back_and_the_own_words_are_retired(rig: Rig) -> None:
    await published(rig)
    await published(rig, replace(SHIPPED, chat=SHIPPED.chat + " Hai."))
    head = await rig.staff(Role.ADMINISTRATOR)
    await head.get(RESULT)

    await head.post(f"{RESULT}/quay-lai", ban="1")
    back = head.words
    await head.post(f"{RESULT}/quay-lai", ban="0")

    assert "Đã dùng lại, thành bản 3." in back
    assert "như bản 1" in back
    assert "Nay dùng lời của cấp trên, hoặc lời có sẵn." in head.words
    assert await rig.storage.read(lambda tx: tx.texts.published()) == []
    assert [each.what for each in await rig.recorded("text.")] == ["text.rolled_back", "text.retired"]


async def test_a_difference_marks_the_words_and_escapes_them(rig: Rig) -> None:
    await published(rig)
    await published(rig, replace(SHIPPED, chat=SHIPPED.chat.replace("Kính gửi", "Thân gửi") + XSS))
    clerk = await rig.staff(Role.VIEWER)

    page = await clerk.get(f"{RESULT}/so-sanh?tu=1&den=2")

    assert '<del><span class="unseen"> [bỏ: </span>Kính<span class="unseen">] </span></del>' in page
    assert '<ins><span class="unseen"> [thêm: </span>Thân<span class="unseen">] </span></ins>' in page
    assert XSS not in page
    await clerk.get(f"{RESULT}/so-sanh?tu=1&den=1")
    assert "Hai bản giống nhau." in clerk.words


async def test_an_agency_has_its_own_words_and_another_learns_nothing_of_them(rig: Rig) -> None:
    await published(rig, replace(SHIPPED, chat=SHIPPED.chat + " Lời riêng của phường."), OF_WARD)
    own, stranger = await rig.staff(Grant(Role.ADMINISTRATOR, WARD)), await rig.staff(Grant(Role.ADMINISTRATOR, OTHER))

    page = await own.get(RESULT)
    theirs = await stranger.get(RESULT)
    statuses = set()
    for path in ("", "/sua", "/so-sanh"):
        await stranger.get(f"{RESULT}{path}?co-quan={WARD}")
        statuses.add(stranger.status)
    await stranger.get(f"{RESULT}?ban=1")
    statuses.add(stranger.status)
    for path in ("sua", "ban-hanh", "quay-lai"):
        await stranger.get("/mau-tin")
        await stranger.post(f"{RESULT}/{path}", fields(**{"co-quan": WARD, "ban": "0"}))
        statuses.add(stranger.status)

    assert "Lời riêng của phường." in page
    assert "Lời riêng của phường." not in theirs
    assert statuses == {404}
    assert len(await history(rig, OF_WARD)) == 1
    assert [each.state for each in await history(rig, OF_WARD)] == [TextState.PUBLISHED]


async def test_a_ward_does_not_write_the_words_of_the_province(rig: Rig) -> None:
    ward = await rig.staff(Grant(Role.ADMINISTRATOR, WARD))

    await save(ward, chat=SHIPPED.chat + " Một.")

    assert await history(rig) == []
    assert len(await history(rig, OF_WARD)) == 1


async def test_what_is_typed_is_never_markup(rig: Rig) -> None:
    clerk = await rig.staff(Role.CLERK)

    await save(clerk, chat=SHIPPED.chat + XSS, note=XSS)

    for path in (RESULT, f"{RESULT}/sua", f"{RESULT}/so-sanh", "/mau-tin"):
        assert XSS not in await clerk.get(path), path
        assert clerk.status == 200


async def test_axe_finds_nothing_serious(rig: Rig, page: Page, axe: str) -> None:
    await published(rig)
    head = await rig.staff(Role.ADMINISTRATOR)
    await save(head, chat=SHIPPED.chat + " http://abc.vn", sms=SHIPPED.sms + " http://abc.vn", draft="0")
    cookie = {"name": rig.console.cookie("staff"), "value": head.cookie, "url": rig.url}
    await page.context.add_cookies([cookie])  # type: ignore[list-item]
    grave = {}

    for path in ("/mau-tin", RESULT, f"{RESULT}/sua", f"{RESULT}/so-sanh"):
        await page.goto(f"{rig.url}/can-bo{path}")
        grave[path] = await grave_violations(page, axe)

    assert {place: faults for place, faults in grave.items() if faults} == {}
