"""`motcua init`: from a few answers to a configuration, a database and two administrators."""

import fcntl
import os
import pty
import pwd
import re
import select
import signal
import stat
import subprocess
import sys
import termios
import time
import tomllib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import pyotp
import pytest

from bot.accounts import Accounts, Browser, Needs
from bot.config import load_config
from bot.init_config import Choices, compose, read_settings
from bot.init_kinds import channels, example, sources
from bot.init_text import everything_on
from bot.model.clock import utc_now
from bot.model.errors import ConfigError
from storage import open_storage
from tests.support.desk import Desk, open_desk

OFFICE = "Tỉnh Khánh Hòa"
PASSWORD = "ba con trâu gặm cỏ ngoài đồng"
ANSWERS: dict[str, str] = {
    "channels.sms.host": "10.0.0.9", "channels.sms.system_id": "kh", "channels.sms.source_addr": "KHANHHOA",
    "channels.zalo.app_id": "118", "channels.email.host": "mail.example.vn", "channels.email.sender": "kh@example.vn",
    "channels.email.username": "kh", "channels.fpt.client_id": "c", "channels.stringee.api_key_sid": "SK",
    "channels.vietguys.username": "kh", "channels.viettel.url": "https://sms.example.vn", "channels.viettel.user": "kh",
    "channels.viettel.cp_code": "KH", "channels.vnpt.url": "https://sms.example.vn", "channels.vnpt.agent_id": "349",
    "channels.vnpt.api_user": "kh", "channels.vnpt.username": "KH_CS", "channels.vnpt.contract_id": "1",
    "channels.vnpt.label_id": "2", "sources.api.base_url": "https://mc.example.vn", "sources.api.listing.url": "/ds",
    "sources.csdl.url": "postgresql://kh@10.0.0.5/motcua", "sources.csdl.view": "v_ho_so",
    **{f"channels.{name}.sender": "KHANHHOA" for name in ("esms", "fpt", "speedsms", "stringee", "vietguys", "viettel",
                                                         "vnpt")},
}  # fmt: skip


@pytest.fixture
def empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Desk:
    """A folder without anything."""
    return open_desk(tmp_path, capsys, monkeypatch)


def words(*more: str) -> list[str]:
    return ["init", "--yes", "--office", OFFICE, *more]


def modes(place: Path) -> dict[str, str]:
    return {
        str(path.relative_to(place)): oct(stat.S_IMODE(path.stat().st_mode))
        for path in sorted(place.rglob("*"))
        if path.is_file()
    }


# What is written


@pytest.mark.parametrize("source", ["folder", "push", "rest", "sql_view"])
def test_every_channel_and_source_that_can_be_chosen_gives_a_configuration_that_loads(
    tmp_path: Path, source: str
) -> None:
    mine = ("channels.", f"{sources()[source].table}.")
    given = read_settings([f"{key}={value}" for key, value in ANSWERS.items() if key.startswith(mine)])
    choices = Choices(
        folder=tmp_path, data=tmp_path, office=OFFICE, source=source, channels=tuple(channels()), settings=given,
        agencies={"H32.10": "Sở Xây dựng"},
    )  # fmt: skip

    draft = compose(choices)

    said = tomllib.loads(draft.text)
    assert {each["kind"] for each in said["channels"].values()} == {kind.fixed["kind"] for kind in channels().values()}
    (table,) = said["sources"].values()
    assert (table["kind"], table["agencies"]) == (source, {"H32.10": "Sở Xây dựng"})
    assert said["channels"]["zalo"]["app_id"] == "118", "an id is a text, whatever it is made of"
    # Each secret is a file, and no secret stands in the text.
    assert not re.search(r'= "env:', "\n".join(line for line in draft.text.splitlines() if not line.startswith("#")))
    assert all(not each.content or each.content not in draft.text for each in draft.secrets)


def test_the_written_configuration_keeps_every_comment_and_every_setting_of_the_example(tmp_path: Path) -> None:
    draft = compose(Choices(folder=tmp_path, data=tmp_path, office=OFFICE, channels=("webchat", "log")))

    comments = re.findall(r"(?m)(?<=\S ) *# \S.*$", example().partition("\n\n")[2])
    assert len(comments) > 300
    assert [each for each in comments if each.strip() not in draft.text] == []
    everything = everything_on(example())
    assert everything_on(draft.text).keys() == everything.keys()
    for name, table in everything.items():
        assert everything_on(draft.text)[name].keys() == table.keys(), name


def test_a_wrong_answer_writes_nothing_and_names_the_key(empty: Desk) -> None:
    said = [
        empty.refused(*words("--set", "web.prot=81")),
        empty.refused(*words("--set", "web.port=81000")),
        empty.refused(*words("--set", "port")),
        empty.refused(*words("--set", "channels.webchat.password=hunter2", "--channel", "webchat")),
        empty.refused(*words("--channel", "webcat")),
        empty.refused(*words("--source", "ftp")),
        empty.refused(*words("--address", "http://hoso.example.vn")),
        empty.refused(*words("--admin", "Lan=Lan", "--admin", "lan=Lan")),
        empty.refused(*words("--admin", "lan")),
        empty.refused("init", "--yes"),
        empty.refused(*words("--channel", "sms_smpp", "--source", "rest", "--set", "channels.sms.host=a")),
        empty.refused(*words("--user", "nobody-of-this-name")),
    ]

    assert "[web.prot] không có khóa này / unknown key" in said[0]
    assert "[web.port]" in said[1]
    assert "BẢNG.KHÓA=GIÁ-TRỊ" in said[2]
    assert "[password]" in said[3]
    assert "hunter2" not in said[3]
    assert "có phải / did you mean: webchat?" in said[4]
    assert "folder, push, rest, sql_view" in said[5]
    assert "https://hoso.tinh.gov.vn" in said[6]
    assert "khác nhau" in said[7]
    assert "họ tên" in said[8]
    assert "--office" in said[9]
    missing = re.findall(r"--set (\S+)=", said[10])
    assert missing == [
        "channels.sms.system_id",
        "channels.sms.source_addr",
        "sources.api.base_url",
        "sources.api.listing.url",
    ]
    assert "useradd" in said[11]
    assert list(empty.place.iterdir()) == []


# The list of agencies


def test_agencies_come_from_a_table_and_every_bad_row_is_named(empty: Desk) -> None:
    rows = "DANH SÁCH CƠ QUAN\nSTT,Mã,Tên\n1,H32.10, Sở  Xây dựng \n2,H32 11,Sở Tư pháp\n3,H32.12,\n4,H32.10,Sở X\n\n"
    (empty.place / "co-quan.csv").write_text(rows, encoding="utf-16")
    refused = empty.refused(*words("--agencies", "co-quan.csv"))
    good = "\n".join(line for line in rows.splitlines() if not line.startswith(("2", "3", "4")))
    (empty.place / "co-quan.csv").write_text(good, encoding="utf-8-sig")

    empty.said(*words("--agencies", "co-quan.csv"))

    assert [line.split(":")[0] for line in refused.splitlines()] == [
        f"co-quan.csv, dòng / row {at}" for at in (4, 5, 6)
    ]
    assert "đã có ở dòng 3" in refused
    assert load_config(empty.place / "config.toml").sources["motcua"]["agencies"] == {"H32.10": "Sở Xây dựng"}


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", "code (mã), name (tên)"),
        (b"a,b\n1,2\n", "lacks the columns"),
        (b"code,name\n", "no agency in it"),
        (b"PK\x03\x04\x00\x00", "CSV UTF-8"),
        (b'code,name\n"H32.10,x\n' + b"y" * 40_000, "a quote opens and never closes"),
    ],
)
def test_a_list_that_is_none_says_so(empty: Desk, content: bytes, expected: str) -> None:
    (empty.place / "a.csv").write_bytes(content)

    assert expected in empty.refused(*words("--agencies", "a.csv"))
    assert "b.csv" in empty.refused(*words("--agencies", "b.csv"))


# Without questions


def test_without_questions_it_leaves_files_for_the_service_alone_and_two_letters(empty: Desk) -> None:
    said = empty.said(
        *words("etc", "--data", "data", "--channel", "webchat", "--channel", "zalobot", "--source", "push"),
        *(
            "--address",
            "https://hoso.example.vn/",
            "--admin",
            "lan.nguyen=Nguyễn Thị Lan",
            "--admin",
            "hung=Trần Văn Hùng",
        ),
    )

    assert modes(empty.place) == dict.fromkeys(
        ["data/motcua.db", "data/web.key", "etc/config.toml", "etc/secrets/data.keys", "etc/secrets/dongbo-keys",
         "etc/secrets/zalobot-token",
         "etc/secrets/zalobot-webhook-secret"], "0o600"
    )  # fmt: skip
    assert len(re.findall(r"(?m)^https://hoso\.example\.vn/can-bo/loi-moi/\S{40,}$", said)) == 2
    assert "secrets/zalobot-token   mã bot" in said, "what is empty is named, with its meaning"
    for made in ("dongbo-keys", "zalobot-webhook-secret"):
        content = (empty.place / "etc/secrets" / made).read_text().strip()
        assert len(content) > 40
        assert content not in said
    listed = empty.json("staff", "list", "--config", write_token(empty))
    assert sorted(each["login"] for each in listed) == ["hung", "lan.nguyen"]


def write_token(empty: Desk) -> str:
    (empty.place / "etc/secrets/zalobot-token").write_text("1:abc\n")
    return "etc/config.toml"


def test_the_first_steps_lead_to_a_check_that_is_content(empty: Desk) -> None:
    empty.said(*words("--channel", "webchat", "--channel", "log"))

    done = empty.types("check")

    assert done.code == 0, done.out
    assert "motcua staff invite" in done.out


def test_a_configuration_is_never_overwritten(empty: Desk) -> None:
    empty.said(*words())
    before = (empty.place / "config.toml").read_bytes()

    assert "không ghi đè" in empty.refused(*words("--office", "Khác"))
    assert (empty.place / "config.toml").read_bytes() == before


def test_what_ends_midway_leaves_no_configuration_and_can_be_given_again(empty: Desk) -> None:
    away = empty.refused(*words("--source", "push", "--database", "postgresql://nobody@127.0.0.1:1/nothing"))
    key, push = empty.place / "web.key", empty.place / "secrets/dongbo-keys"
    before = key.read_bytes(), push.read_text()
    there = (empty.place / "config.toml").exists()

    empty.said(*words("--source", "push"))

    assert "không kết nối được" in away
    assert not there
    assert (key.read_bytes(), push.read_text()) == before, "what was told to others, or signs, stays"
    assert list(empty.place.rglob(".*")) == []


def test_what_is_personal_is_sealed_from_the_first_row_on_under_keys_that_lie_elsewhere(empty: Desk) -> None:
    name = "Nguyễn Thị Lan"

    said = empty.said(*words("etc", "--data", "data", "--channel", "log", "--admin", f"lan={name}"))
    empty.said(*words("plain", "--channel", "log", "--admin", f"lan={name}", "--plain"))

    (listed,) = empty.json("staff", "list", "--config", "etc/config.toml")
    assert listed["name"] == name
    assert name.encode() in (empty.place / "plain/motcua.db").read_bytes()
    assert name.encode() not in (empty.place / "data/motcua.db").read_bytes()
    ring = (empty.place / "etc/secrets/data.keys").read_text(encoding="utf-8")
    assert str(empty.place / "etc/secrets/data.keys") in said.split("ANOTHER place than the backups")[1]
    assert not any(line.split("= ")[1] in said for line in ring.splitlines() if line.startswith("data "))
    assert load_config(empty.place / "plain/config.toml").storage.keys is None


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_for_another_account_the_data_is_its_own_and_the_rest_it_can_only_read(empty: Desk) -> None:
    nobody = pwd.getpwnam("nobody")

    empty.said(*words("etc", "--data", "data", "--source", "push", "--user", "nobody"))

    owners = {path: (path.stat().st_uid, path.stat().st_gid, oct(stat.S_IMODE(path.stat().st_mode)))
              for path in empty.place.rglob("*")}  # fmt: skip
    for path, owner in owners.items():
        is_data = path.is_relative_to(empty.place / "data")
        mode = ("0o700" if is_data else "0o750") if path.is_dir() else "0o600" if is_data else "0o640"
        assert owner == (nobody.pw_uid if is_data else 0, nobody.pw_gid, mode), path


def test_the_way_to_a_nested_place_is_open_to_the_account_of_the_service(empty: Desk) -> None:
    empty.said(*words("a/etc", "--data", "b/c/data"))

    modes = {name: oct(stat.S_IMODE((empty.place / name).stat().st_mode)) for name in ("a", "b", "b/c", "b/c/data")}
    assert modes == {"a": "0o755", "b": "0o755", "b/c": "0o755", "b/c/data": "0o700"}


# At a terminal


@dataclass
class Terminal:
    """A person at a keyboard, before a real terminal."""

    process: subprocess.Popen[bytes]
    line: int
    seen: str = ""
    whole: list[str] = field(default_factory=list)

    def sees(self, pattern: str) -> re.Match[str]:
        """Waits until it is on the screen, after what was seen before."""
        until = time.monotonic() + 30
        while not (found := re.search(pattern, self.seen)):
            ready, _, _ = select.select([self.line], [], [], max(0.0, until - time.monotonic()))
            assert ready, self.seen
            self.seen += os.read(self.line, 65_536).decode(errors="replace").replace("\r\n", "\n")
        self.whole.append(self.seen[: found.end()])
        self.seen = self.seen[found.end() :]
        return found

    def types(self, text: str) -> None:
        os.write(self.line, f"{text}\n".encode())

    def answers(self, *pairs: tuple[str, str]) -> None:
        for question, answer in pairs:
            self.sees(re.escape(question) + r"[^\n]*: ")
            self.types(answer)

    def hides(self, question: str, answer: str) -> None:
        """What is typed in the dark: whoever asks throws away what was typed before."""
        self.sees(re.escape(question) + r": ")
        until = time.monotonic() + 30
        while echoes(self.line) and time.monotonic() < until:
            time.sleep(0.01)
        self.types(answer)

    def breaks_off(self) -> int:
        """Presses Ctrl-C until the program ends, as a person does: one that comes just as a line begins to be read is
        seen by Python only with the next key."""
        for _ in range(20):
            self.process.send_signal(signal.SIGINT)
            with suppress(subprocess.TimeoutExpired):
                return self.process.wait(timeout=1)
        return self.process.wait(timeout=1)


def echoes(line: int) -> bool:
    return bool(termios.tcgetattr(line)[3] & termios.ECHO)


@contextmanager
def terminal(place: Path, command: Sequence[str]) -> Iterator[Terminal]:
    ours, theirs = pty.openpty()
    environment = {**os.environ, "PYTHONPATH": str(Path.cwd()), "COLUMNS": "120", "TERM": "xterm"}
    process = subprocess.Popen(
        [sys.executable, "-m", "bot", *command],
        cwd=place, env=environment, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True,
        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
    )  # fmt: skip
    os.close(theirs)
    try:
        yield Terminal(process, ours)
    finally:
        process.kill()
        process.wait()
        os.close(ours)


@pytest.mark.slow
async def test_at_a_terminal_two_administrators_join_with_their_phones_and_an_interruption_is_made_good(
    tmp_path: Path,
) -> None:
    with terminal(tmp_path, ["init", "etc", "--data", "data"]) as desk:
        desk.answers(
            ("name of the office", OFFICE),
            ("Enter: none", "nothing.csv"),
            ("Enter: none", ""),
            ("is read", "ftp"),
            ("is read", "folder"),
            ("separated by commas", "webchat"),
            ("Enter: not yet", ""),
        )
        codes = join(desk, "lan.nguyen", "Nguyễn Thị Lan")
        desk.sees("full name: ")
        assert desk.breaks_off() == 1
    interrupted = (tmp_path / "etc/config.toml").exists()

    with terminal(tmp_path, ["init", "etc", "--data", "data", "--office", OFFICE, "--channel", "webchat"]) as desk:
        desk.answers(("Enter: none", ""), ("is read", ""), ("Enter: not yet", ""))
        desk.sees("already there: lan.nguyen")
        desk.answers(
            ("full name", "Trần Văn Hùng"), ("login", "Hùng"), ("full name", "Trần Văn Hùng"), ("login", "hung")
        )
        desk.answers(("phone in hand", "n"))
        desk.sees(r"http://127\.0\.0\.1:8080/can-bo/loi-moi/\S{40}")
        desk.sees("check --config")
        assert desk.process.wait(timeout=20) == 0

    assert not interrupted
    config = load_config(tmp_path / "etc/config.toml")
    async with open_storage(config.storage.url, keys=config.storage.ring) as storage:
        accounts = Accounts(storage, config.console, utc_now)
        opened = await accounts.enter("lan.nguyen", PASSWORD, Browser())
        assert opened is not None
        assert opened.needs is Needs.CODE
        assert await accounts.prove(opened.session, codes[0]) is not None
        (letter,) = await storage.read(lambda tx: tx.staff.invitations())
        entries = await storage.read(lambda tx: tx.audit.listed((), limit=20))
    assert letter.login == "hung"
    assert {"staff.invited", "staff.joined", "staff.enrolled"} <= {each.what for each in entries}


def join(desk: Terminal, login: str, name: str) -> list[str]:
    """With password and phone; the recovery codes."""
    desk.answers(("full name", name), ("login", login), ("phone in hand", "y"))
    desk.hides("password", "12345678901234")
    desk.sees("too easily guessed")
    desk.hides("password", PASSWORD)
    desk.hides("once more", PASSWORD)
    assert "█" * 40 in desk.seen or desk.sees("█" * 40)
    key = desk.sees(r"type the key: ((?:[A-Z2-7]{4} ?)+)\s*\n")[1].replace(" ", "")
    desk.answers(("six digits", "000000"))
    desk.sees("Wrong")
    desk.answers(("six digits", pyotp.TOTP(key).now()))
    codes = re.findall(r"(?m)^    (\S{4}-\S{4}-\S{4})$", desk.sees(r"(?s)\x1b\[3J.*written down: ")[0])
    desk.types("")
    desk.sees(f"{login}: quản trị viên")
    assert len(codes) == 10
    assert PASSWORD not in "".join(desk.whole)
    return codes


def test_an_unknown_kind_names_those_there_are(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="sms_smpp"):
        compose(Choices(folder=tmp_path, data=tmp_path, office=OFFICE, channels=("smpp",)))
    assert set(sources()) == {"folder", "push", "rest", "sql_view"}
