"""The public page of figures: open to everybody, of nobody in particular, read once a minute."""

from aiohttp import ClientSession

from bot.web.performance import PATH
from tests.contract.test_storage_reports import watch_over
from tests.support.books import written
from tests.web.console.rig import Rig


async def seen(rig: Rig, query: str = "") -> str:
    async with ClientSession() as http, http.get(f"{rig.url}{PATH}{query}") as answer:
        assert answer.status == 200
        return await answer.text()


async def test_everybody_reads_shares_of_this_month_and_the_last(rig: Rig) -> None:
    books = await written(rig.storage, days=8)
    await watch_over(rig.storage, books).look()
    rig.clock.moved += books.clock() - rig.clock()

    page = await seen(rig)

    assert "Dịch vụ tin nhắn đang hoạt động bình thường." in page
    assert page.count('<dl class="shares">') >= 1
    assert "Số liệu tính đến" in page
    assert not any(code in page for _, code in books.keys)


async def test_it_is_counted_once_a_minute(rig: Rig) -> None:
    first = await seen(rig)
    books = await written(rig.storage, days=3)
    await watch_over(rig.storage, books).look()

    again = await seen(rig)
    rig.clock.moved += books.clock() - rig.clock()
    later = await seen(rig)

    assert again == first
    assert later != first


async def test_it_speaks_english_and_is_linked_from_the_first_page(rig: Rig) -> None:
    english = await seen(rig, "?lang=en")
    async with ClientSession() as http, http.get(rig.url) as answer:
        first = await answer.text()

    assert "How dossiers are resolved" in english
    assert f'href="{PATH}"' in first
