"""`motcua check` says in a clerk's words what is missing under, in and before the service."""

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from bot.app import read_plan
from bot.check_ground import Weight, file_system, ground, sqlite_file
from bot.config import load_config
from tests.support.desk import Desk
from tests.support.exports import Office

MOUNTS = [
    "22 1 254:0 / / rw,relatime - ext4 /dev/vda rw",
    "40 22 0:35 / /mnt/chung rw,relatime shared:20 - nfs4 10.0.0.2:/xuat rw,vers=4.2",
    "41 22 0:36 / /mnt/chung\\040hai rw - cifs //10.0.0.2/x rw",
    "42 22 254:1 / /mnt/chung/rieng rw - xfs /dev/vdb rw",
]


@pytest.fixture
def secret(service: Desk) -> Callable[[str], Path]:
    """A channel whose password stands in a file, with this in it."""
    path = service.place / "password"
    service.configure(
        "[channels.nha-mang]\nkind = 'sms_smpp'\nhost = '127.0.0.1'\nport = 1\nsystem_id = 'x'\nsource_addr = '8041'\n"
        f"sandbox = true\npassword = 'file:{path}'"
    )

    def write(content: str) -> Path:
        path.write_text(content)
        path.chmod(0o600)
        return path

    return write


def lines(service: Desk, sign: str) -> str:
    return "\n".join(line for line in service.types("check").out.splitlines() if line.startswith(sign))


def test_an_empty_or_missing_secret_is_named_with_its_file_and_the_rest_is_checked_all_the_same(
    service: Desk, secret: Callable[[str], Path]
) -> None:
    missing = service.types("check")
    path = secret("\n")
    empty = service.types("check")
    secret("một mật khẩu thật")
    filled = service.types("check")

    assert f"[channels.nha-mang]: [password] the file {path} cannot be read" in missing.out
    assert f"tệp / file {path}: còn trống, xin ghi bí mật vào đó" in empty.out
    assert "✓ cơ sở dữ liệu" in empty.out
    assert "channel trial" in empty.out
    assert (missing.code, empty.code, filled.code) == (1, 1, 0)


@pytest.mark.parametrize("content", ["changeme", "XXXXXX", "***", "TODO"])
def test_an_example_in_place_of_a_secret_is_no_secret(
    service: Desk, secret: Callable[[str], Path], content: str
) -> None:
    secret(content)

    done = service.types("check")

    assert "✗ [channels.nha-mang]: [password] vẫn là chữ mẫu" in done.out
    assert content not in done.out
    assert done.code == 1


def test_files_that_everybody_can_read_are_named_and_those_that_sign_sessions_fail(
    service: Desk, secret: Callable[[str], Path]
) -> None:
    path = secret("một mật khẩu thật")
    path.chmod(0o644)
    remarked = service.types("check")
    key = service.place / "web.key"
    key.write_bytes(bytes(32))
    key.chmod(0o604)
    failed = service.types("check")

    assert f"! bí mật / secret: {path}: ai trên máy này cũng đọc được" in remarked.out
    assert remarked.code == 0
    assert "✗ [web] key_file: web.key" in failed.out
    assert "chmod 600" in failed.out
    assert failed.code == 1


def test_a_configuration_in_which_one_table_is_wrong_says_so_about_every_such_table(service: Desk) -> None:
    service.configure("[channels.mot]\nkind = 'webcat'\n[sources.hai]\nkind = 'folder'\npaht = 'x'")

    done = service.types("check")

    assert "[channels.mot] kind = 'webcat'" in done.out
    assert "[sources.hai]: [paht] không có khóa này" in done.out
    assert "✓ nguồn / source office" in done.out
    assert done.code == 1


def test_places_that_are_not_there_or_cannot_be_written_are_named_with_their_setting(service: Desk) -> None:
    text = (service.place / "config.toml").read_text(encoding="utf-8")
    text = text.replace('path = "messages.jsonl"', 'path = "/proc/messages.jsonl"')
    (service.place / "config.toml").write_text(f"[web]\nkey_file = 'nowhere/web.key'\n{text}", encoding="utf-8")

    wrong = lines(service, "✗")

    assert "[channels.trial] path: /proc: không ghi được" in wrong
    assert f"[web] key_file: {service.place}/nowhere: không có thư mục này" in wrong


def test_a_disk_that_is_nearly_full_is_said_before_it_is(service: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = os.statvfs(service.place)
    monkeypatch.setattr("bot.check_ground._LOW", usage.f_bavail * usage.f_frsize // (1 << 20) + 1_000_000)
    low = service.types("check")
    monkeypatch.setattr("bot.check_ground._SCANT", usage.f_bavail * usage.f_frsize // (1 << 20) + 1_000_000)
    scant = service.types("check")

    assert "! [storage] url" in low.out
    assert "đĩa chỉ còn" in low.out
    assert low.code == 0
    assert "✗ [storage] url" in scant.out
    assert scant.code == 1


def test_a_clock_behind_the_day_of_installation_is_wrong(service: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    from bot import check_ground

    before = lines(service, "✗")
    future = time.time() + 86_400
    where = Path(check_ground.__file__)
    copy = service.place / "installed.py"
    copy.write_text("")
    os.utime(copy, (future, future))
    monkeypatch.setattr("bot.check_ground.__file__", str(copy))

    assert where.exists()
    assert "đồng hồ" not in before
    assert "✗ đồng hồ / clock" in "\n" + lines(service, "✗")


def test_the_page_for_others_needs_tls_and_a_proxy_that_is_named(service: Desk) -> None:
    near = lines(service, "!")
    service.configure("[web]\nhost = '0.0.0.0'\n[links]\nweb = 'https://hoso.example.vn'")
    bare = lines(service, "!")
    path = service.place / "config.toml"
    path.write_text(
        path.read_text(encoding="utf-8").replace("host = '0", "behind_tls = true\nhost = '0"), encoding="utf-8"
    )
    behind = lines(service, "!")
    path.write_text(
        path.read_text(encoding="utf-8").replace("host = '0", "trusted_proxies = ['127.0.0.1/32']\nhost = '0")
    )

    assert "[web]" not in near
    assert "[web] behind_tls" in bare
    assert "[web] trusted_proxies" in behind
    assert "[web]" not in lines(service, "!")


def test_agencies_without_a_name_and_a_service_without_a_source_are_remarked(office: Office, service: Desk) -> None:
    (service.place / "exports" / "a.csv").write_text(
        "MaHoSo;TrangThaiHoSo;NgayTiepNhan;NgayHenTra;SoDienThoai;MaDonVi\n"
        "H56.14-240823-0001;2;23/08/2024 08:00;30/08/2024 16:30;0912345678;H56.14\n",
        encoding="utf-8",
    )
    service.said("source", "sync", "office")
    nameless = lines(service, "!")
    path = service.place / "config.toml"
    path.write_text(path.read_text(encoding="utf-8").split("[sources")[0], encoding="utf-8")

    assert "cơ quan / agencies: 1 mã chưa có tên" in nameless
    assert "H56.14" in nameless
    assert "! nguồn / sources: chưa có" in lines(service, "!")


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/var/lib/motcua/motcua.db", "ext4"),
        ("/mnt/chung/motcua.db", "nfs4"),
        ("/mnt/chung hai/motcua.db", "cifs"),
        ("/mnt/chung/rieng/motcua.db", "xfs"),
        ("/mnt/chunglai/motcua.db", "ext4"),
    ],
)
def test_the_file_system_of_a_path_is_that_of_the_nearest_mount(path: str, kind: str) -> None:
    assert file_system(Path(path), MOUNTS) == kind


def test_sqlite_on_a_network_file_system_is_a_problem(service: Desk) -> None:
    config = service.place / "config.toml"
    mounts = [f"1 0 0:1 / {service.place} rw - nfs4 x:/y rw"]

    found = ground(read_plan(load_config(config)), config, mounts=mounts)

    (problem,) = [each for each in found if each.weight is Weight.PROBLEM]
    assert "ổ mạng (nfs4)" in problem.detail
    assert sqlite_file("postgresql://a/b") is None
    assert sqlite_file("sqlite::memory:") is None
