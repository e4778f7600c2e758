"""The same list is the same list, from a file or from other software."""

from dataclasses import replace
from pathlib import Path

from bot.model.broadcast import Recipient
from bot.model.list_digest import digest_of_list
from bot.model.wording import Wording
from bot.recipients import Listing, wanted_by
from tests.unit.lists import read

TEXT = "Kính gửi {{ ho_ten }}{% if noi %} tại {{ noi }}{% endif %}: hồ sơ {{ code }}."
WANTED = wanted_by(Wording(chat=TEXT, sms=TEXT))
ROWS = [
    Recipient(number=1, phone="+84912345678", code="H56.14-240823-0001", values={"ho_ten": "Lê Lan"}),
    Recipient(number=2, phone="+84987654321", code="H56.14-240823-0002", values={"ho_ten": "Bình", "noi": "Xã A"}),
]


def digest(*rows: Recipient) -> str:
    return digest_of_list(rows, WANTED.names)


def test_a_file_and_a_call_with_the_same_people_and_values_have_the_same_digest(tmp_path: Path) -> None:
    file = (
        "Số điện thoại;ho_ten;code;noi;ghi chú\n"
        "0912 345 678; Lê  Lan ;H56.14-240823-0001;;x\n"
        "0987654321;Bình;H56.14-240823-0002;Xã A;y\n"
    )

    listing = read(file.encode(), tmp_path, WANTED)

    assert isinstance(listing, Listing)
    with listing:
        assert not listing.wrong_rows
        assert listing.digest == digest(*ROWS)


def test_what_the_text_does_not_show_makes_no_difference() -> None:
    others = [replace(each, number=each.number + 7, values={**each.values, "x": "1", "noi": each.values.get("noi", "")})
              for each in ROWS]  # fmt: skip

    assert digest(*others) == digest(*ROWS)


def test_phones_values_codes_and_their_order_do() -> None:
    one, two = ROWS
    lists = [[one, two], [two, one], [one], [replace(one, phone="+84912345679"), two], [replace(one, code=""), two],
             [replace(one, values={"ho_ten": "Lan"}), two]]  # fmt: skip

    assert len({digest(*each) for each in lists}) == len(lists)
