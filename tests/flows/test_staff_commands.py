"""`motcua staff`: the first accounts, and what helps when nobody can get in."""

import re
from datetime import timedelta

from bot.joining import Joining
from bot.model.audit import Entry
from bot.model.clock import utc_now
from bot.model.ids import id_maker
from bot.model.staff import Credentials, Member, Role, StaffSession
from bot.ports import Storage
from tests.support.desk import Desk

PASSWORD = "ba con trâu gặm cỏ ngoài đồng"


def invite(service: Desk, login: str, *words: str) -> str:
    """The secret of the letter."""
    said = service.said("staff", "invite", login, "--name", f"Cán bộ {login}", *(words or ("--role", "administrator")))
    found = re.search(r"^https?://\S+/can-bo/loi-moi/(\S+)$", said.strip())
    assert found, said
    return found[1]


def join(service: Desk, login: str, *words: str) -> Member:
    secret = invite(service, login, *words)

    async def work(storage: Storage) -> Member:
        done = await Joining(storage, utc_now, id_maker(utc_now)).accept(secret, f"Cán bộ {login}", PASSWORD)
        assert isinstance(done, Member)
        return done

    return service.in_database(work)


def recorded(service: Desk) -> list[Entry]:
    """Oldest first."""
    return service.in_database(lambda storage: storage.read(lambda tx: tx.audit.listed((), limit=100)))[::-1]


def open_session(service: Desk, member: Member) -> None:
    now = utc_now()
    session = StaffSession(
        digest=f"d-{member.id}", member=member.id, opened_at=now, seen_at=now, agent="Firefox · Linux"
    )
    service.in_database(lambda storage: storage.write(lambda tx: tx.staff.open_session(session)))


def test_the_first_administrators_come_from_the_command_line_and_a_warning_goes_when_there_are_two(
    service: Desk,
) -> None:
    join(service, "lan")
    one = service.types("staff", "list")
    join(service, "minh")
    two = service.types("staff", "list")

    assert "Mới có 1 quản trị viên" in one.err
    assert two.err == ""
    assert "administrator *" in two.out


def test_an_invitation_names_roles_and_agencies_and_whoever_gave_it_is_recorded(service: Desk) -> None:
    words = ("--role", "clerk", "--role", "approver", "--agency", "H32.10", "--agency", "H32.20", "--by", "giám đốc")

    member = join(service, "lan", *words)

    assert sorted(f"{each.role} {each.agency}" for each in member.grants) == [
        "approver H32.10", "approver H32.20", "clerk H32.10", "clerk H32.20",
    ]  # fmt: skip
    entry = recorded(service)[0]
    assert (entry.by, entry.way, entry.what, entry.subject) == ("giám đốc", "command", "staff.invited", "lan")


def test_what_is_wrong_with_an_invitation_is_said(service: Desk) -> None:
    join(service, "lan")

    said = [
        service.refused("staff", "invite", "lan", "--name", "Lan", "--role", "clerk"),
        service.refused("staff", "invite", "Lan Nguyen", "--name", "Lan", "--role", "clerk"),
        service.refused("staff", "invite", "minh", "--name", "M\nX: y", "--role", "clerk"),
        service.refused("staff", "invite", "minh", "--name", "Minh", "--role", "clerk", "--agency", "H32/10"),
    ]

    assert [each.split(" / ")[0][:20] for each in said] == [
        "tên đăng nhập đã có ", "tên đăng nhập chỉ gồ", "họ tên không dùng đư", "mã cơ quan không đún",
    ]  # fmt: skip


def test_check_says_how_to_invite_while_too_few_administer_the_province_and_fails_nothing_by_it(service: Desk) -> None:
    join(service, "lan")
    one = service.types("check")
    service.said("staff", "invite", "hoa", "--name", "Hoa", "--role", "administrator", "--agency", "H32.10")
    beneath = service.types("check")
    service.said("staff", "reset", "lan")
    opened_anew = service.types("check")
    service.said("staff", "invite", "minh", "--name", "Minh", "--role", "administrator")
    on_its_way = service.types("check")
    service.said("staff", "withdraw", "minh")
    join(service, "minh")
    two = service.types("check")

    assert "mới có 1 quản trị viên toàn tỉnh" in one.out
    assert "motcua staff invite" in one.out
    assert "motcua staff invite" in beneath.out, "she will not administer the whole province"
    assert "motcua staff invite" in opened_anew.out, "that letter makes nobody more"
    assert "trao thư mời cho quản trị viên" in on_its_way.out
    assert "motcua staff invite" not in on_its_way.out
    assert "quản trị viên toàn tỉnh" not in two.out
    assert one.code == two.code


def test_open_letters_are_listed_and_can_be_withdrawn(service: Desk) -> None:
    invite(service, "hoa", "--role", "clerk", "--agency", "H32.10")

    listed, told = service.said("staff", "list"), service.json("staff", "list")
    service.said("staff", "withdraw", "HOA")
    again = service.refused("staff", "withdraw", "hoa")

    assert "hoa  clerk H32.10  thư mời chưa mở" in listed
    assert [(each["login"], bool(each["invited_until"])) for each in told] == [("hoa", True)]
    assert "không có tài khoản hoặc thư mời này" in again
    assert service.json("staff", "list") == []
    assert recorded(service)[-1].what == "staff.uninvited"


def test_roles_are_given_anew_and_a_locked_account_is_opened(service: Desk) -> None:
    member = join(service, "lan", "--role", "clerk")
    locked = Credentials(failures=10, locked_until=utc_now() + timedelta(minutes=15))
    service.in_database(lambda storage: storage.write(lambda tx: tx.staff.save_credentials(member.id, locked)))

    before = service.said("staff", "list")
    service.said("staff", "unlock", "lan")
    service.said("staff", "grant", "lan", "--role", "approver", "--agency", "H32.10", "--by", "giám đốc")

    assert "khóa đến" in before
    assert "khóa đến" not in service.said("staff", "list")
    assert service.json("staff", "list")[0]["roles"] == ["approver H32.10"]
    acts = [(each.what, each.by) for each in recorded(service)][-2:]
    assert acts[1] == ("staff.granted", "giám đốc")
    assert acts[0][0] == "staff.unlocked"


def test_the_letter_is_kept_nowhere(service: Desk) -> None:
    secret = invite(service, "lan")

    kept = b"".join(each.read_bytes() for each in service.place.glob("motcua.db*"))

    assert secret.encode() not in kept
    assert secret not in repr(recorded(service))


def test_a_letter_of_a_service_that_listens_everywhere_names_an_address_that_opens(service: Desk) -> None:
    service.configure('[web]\nhost = "0.0.0.0"\n')

    invited = service.types("staff", "invite", "lan", "--name", "Lan", "--role", "administrator")

    assert re.match(r"http://localhost:\d+/can-bo/loi-moi/\S{40}", invited.out)
    assert "[links] web" in invited.err


def test_a_lost_phone_is_helped_from_the_command_line_and_ends_all_sessions(service: Desk) -> None:
    member = join(service, "lan")
    open_session(service, member)

    said = service.said("staff", "reset", "lan", "--by", "tổ trực")

    assert "/can-bo/loi-moi/" in said
    assert "0 phiên đang mở" in service.said("staff", "sessions")
    assert [(each.what, each.by) for each in recorded(service)][-1] == ("staff.reset", "tổ trực")
    assert not service.json("staff", "list")[0]["password"]


def test_an_account_is_disabled_while_two_administrators_remain(service: Desk) -> None:
    for login in ("lan", "minh", "thu"):
        join(service, login)

    service.said("staff", "disable", "lan")
    refused = service.refused("staff", "disable", "minh")
    service.said("staff", "enable", "lan")

    assert "ít nhất hai quản trị viên" in refused
    assert [each["disabled_at"] for each in service.json("staff", "list")] == [None] * 3
    assert "không có tài khoản hoặc thư mời này" in service.refused("staff", "disable", "khong-co")


def test_sessions_are_listed_and_ended(service: Desk) -> None:
    lan, minh = join(service, "lan"), join(service, "minh", "--role", str(Role.CLERK))
    for each in (lan, minh):
        open_session(service, each)

    before = service.json("staff", "sessions")
    said = service.said("staff", "sessions", "lan", "--end")

    assert sorted(each["login"] for each in before) == ["lan", "minh"]
    assert "1 phiên" in said
    assert [each["login"] for each in service.json("staff", "sessions")] == ["minh"]
    assert "--end cần tên" in service.refused("staff", "sessions", "--end")
