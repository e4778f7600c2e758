"""Ways out of the folders that are served, and names of files that are more than names."""

import io
import zipfile
from pathlib import Path

import pytest

from bot.documents import NAMES, TemplateError, our_template
from bot.documents.template import filled, load_template
from bot.model.staff import Role
from tests.attack.house import House
from tests.web.console.broadcasting import begun

_ROOTS = ("/static/", "/can-bo/static/", "/api/v1/static/")
_OUT = (
    "../server.py", "..%2fserver.py", "%2e%2e/server.py", "%2e%2e%2f%2e%2e%2fconfig.py", "..%252fserver.py",
    "....//server.py",
    "..\\server.py", "..%5cserver.py", "%c0%ae%c0%ae/server.py", "/etc/passwd", "%2fetc%2fpasswd", "//etc/passwd",
    "mark.svg%00.html", "mark.svg/..%2f..%2fserver.py", "C:%5cwindows%5cwin.ini", "file:///etc/passwd", "..", ".",
    "%00", "a" * 5_000,
)  # fmt: skip


async def test_no_static_address_leads_out_of_its_folder(house: House) -> None:
    for root in _ROOTS:
        for way in _OUT:
            request = f"GET {root}{way} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode()
            reply = await house.raw(request, all_of_it=True)
            # 303: what is no file of the console's is asked for at its door.
            assert reply.status in (303, 400, 403, 404), (root, way, reply.raw[:80])
            assert b"import " not in reply.raw
            assert b"root:" not in reply.raw
    # A link beside the files would lead out as well; and the folders themselves are not listed.
    assert {await house.status("GET", root) for root in _ROOTS} <= {303, 400, 403, 404}


async def test_documents_qr_codes_and_pages_take_no_way_out_either(house: House) -> None:
    for way in _OUT:
        for start in (
            "/tai-lieu/a/",
            "/tai-lieu/",
            "/qr/",
            "/can-bo/ho-so/ward/",
            "/can-bo/xin-loi/",
            "/onestop/v1/",
            "/webhooks/gateway/",
        ):
            reply = await house.raw(f"GET {start}{way} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
            assert reply.status in (303, 400, 401, 403, 404, 405), (start, way, reply.raw[:80])


strange_parts = pytest.mark.filterwarnings(
    "ignore::RuntimeWarning:aiohttp", "ignore::pytest.PytestUnraisableExceptionWarning"
)
"""What aiohttp says of headers that it cannot read, and of a file that it left to be closed by itself."""


def multipart(name: bytes, content: bytes, token: str, *, field: bytes = b"file", boundary: bytes = b"xyz") -> bytes:
    return b"".join(
        (
            b"--", boundary, b'\r\nContent-Disposition: form-data; name="token"\r\n\r\n', token.encode(),
            b"\r\n--", boundary, b'\r\nContent-Disposition: form-data; name="', field, b'"; filename="', name,
            b'"\r\n\r\n',
            content, b"\r\n--", boundary, b"--\r\n",
        )
    )  # fmt: skip


@strange_parts
async def test_the_name_of_an_uploaded_file_is_written_nowhere(house: House, tmp_path: Path) -> None:
    clerk = await house.staff(Role.CLERK, Role.ADMINISTRATOR)
    where = f"/phat-tin/{await begun(clerk)}"
    before, statuses = set(tmp_path.rglob("*")), []

    for name in (
        b"../../evil.csv",
        b"/etc/cron.d/evil",
        b"C:\\evil.csv",
        b"a\0b.csv",
        b"evil.csv\r\nX: y",
        "﷽.csv".encode(),
        b"a" * 5_000,
        b'"',
    ):
        await clerk.get(f"{where}/danh-sach")
        token = clerk.page.partition('name="token" value="')[2].partition('"')[0]
        body = multipart(name, b"phone,ho_ten,dia_diem\n0912345678,Lan,A\n", token)
        headers = {"Content-Type": "multipart/form-data; boundary=xyz"}
        async with clerk.http.post(f"{house.url}/can-bo{where}/danh-sach", data=body, headers=headers) as answer:
            statuses.append(answer.status)
            assert "evil" not in str(answer.headers)

    assert set(statuses) <= {200, 400}, statuses
    assert 200 in statuses, "nothing was uploaded at all"
    written = set(tmp_path.rglob("*")) - before
    assert not [path for path in written if "evil" in path.name]


@strange_parts
async def test_forms_of_parts_that_fit_nowhere_are_refused(house: House) -> None:
    clerk = await house.staff(Role.CLERK)
    whole = multipart(b"a.csv", b"phone\n0912345678\n", "0" * 64)
    spoilt = [whole[:at] for at in range(0, len(whole), 23)] + [
        whole.replace(b"\r\n", b"\n"), whole.replace(b"--xyz", b"--abc"), whole.replace(b"form-data", b"\xff\xfe"),
        whole.replace(b'name="token"', b'name*=utf-8\'\'%ff'), whole.replace(b"Content-Disposition", b"X"),
        whole.replace(b"\r\n\r\n", b"\r\nContent-Transfer-Encoding: base64\r\n\r\n"), b"--xyz\r\n" * 2_000,
        whole.replace(b"\r\n\r\n", b"\r\nContent-Type: multipart/mixed; boundary=xyz\r\n\r\n"),
        b"--xyz" + b"a" * 100_000,
        whole.replace(b"\r\n\r\n", b"\r\nContent-Encoding: gzip\r\n\r\n"), whole.replace(b"\r\n\r\n",
        b"\r\nContent-Length: -1\r\n\r\n"),
    ]  # fmt: skip
    kinds = [
        "multipart/form-data; boundary=xyz",
        "multipart/form-data",
        "multipart/form-data; boundary=" + "x" * 300,
        "multipart/mixed; boundary=xyz",
    ]

    for body in spoilt:
        for kind in kinds[: 4 if body is spoilt[-1] else 1]:
            async with clerk.http.post(
                f"{house.url}/can-bo/dang-xuat", data=body, headers={"Content-Type": kind}
            ) as answer:
                assert answer.status in (400, 403, 413), (body[:60], kind, answer.status)


def packed(**files: bytes) -> bytes:
    """Our template with these files in place of its own, or beside them."""
    written = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(our_template())) as ours,
        zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as made,
    ):
        for each in ours.infolist():
            if each.filename not in files:
                made.writestr(each, ours.read(each))
        for name, content in files.items():
            made.writestr(name, content)
    return written.getvalue()


def saying(text: str) -> bytes:
    """Our template, whose first words are these."""
    with zipfile.ZipFile(io.BytesIO(our_template())) as ours:
        document = ours.read("word/document.xml")
    return packed(**{"word/document.xml": document.replace(b"{{ title }}", text.encode(), 1)})


@pytest.mark.parametrize(
    "text",
    [
        "{{ title.__class__.__mro__ }}",
        "{{ ''.__class__ }}",
        "{{ cycler.__init__.__globals__ }}",
        "{{ title|attr('__class__') }}",
        "{{ namespace() }}",
        "{% for x in range(999999999) %}x{% endfor %}",
        "{% include '/etc/passwd' %}",
        "{{ 'a' * 999999999 }}{{ title.x }}",
        "{{ self._TemplateReference__context }}",
        "{% import 'os' as os %}",
        "{{ title.format(1).__class__ }}",
    ],
)
def test_a_docx_template_reaches_nothing_but_its_fields(tmp_path: Path, text: str) -> None:
    path = tmp_path / "mau.docx"
    path.write_bytes(saying(text))

    with pytest.raises(TemplateError, match=r"mau\.docx"):
        load_template(str(path))


def test_a_docx_that_would_burst_or_leave_its_folder_does_neither(tmp_path: Path) -> None:
    bomb, slip = tmp_path / "bomb.docx", tmp_path / "slip.docx"
    bomb.write_bytes(packed(**{"word/media/a.bin": b"\0" * (65 << 20)}))
    slip.write_bytes(packed(**{"../../slipped.txt": b"x", f"{tmp_path}/slipped.txt": b"x"}))

    with pytest.raises(TemplateError, match=r"bomb\.docx.*64 MiB"):
        load_template(str(bomb))
    assert load_template(str(slip))
    assert not list(tmp_path.parent.rglob("slipped.txt")), "something was unpacked onto the disk"


def test_entities_of_a_docx_are_not_unfolded(tmp_path: Path) -> None:
    """Neither the billion laughs nor a file of this machine."""
    with zipfile.ZipFile(io.BytesIO(our_template())) as ours:
        document = ours.read("word/document.xml")
    laughs = b"".join(b'<!ENTITY l%d "%s">' % (n, b"&l%d;" % (n - 1) * 10 if n else b"ha") for n in range(9))
    told = document.partition(b"?>")
    for entities in (laughs, b'<!ENTITY l8 SYSTEM "file:///etc/passwd">'):
        path = tmp_path / "thuc-the.docx"
        path.write_bytes(
            packed(
                **{
                    "word/document.xml": told[0]
                    + b"?><!DOCTYPE x ["
                    + entities
                    + b"]>"
                    + told[2].replace(b"{{ title }}", b"&l8;", 1)
                }
            )
        )
        with pytest.raises(TemplateError):
            load_template(str(path))


def test_what_an_applicant_is_called_is_no_template_and_no_markup() -> None:
    name = "{{ 7*7 }} {% raw %} </w:t><w:t>x & <b>"

    written = filled(our_template(), {**dict.fromkeys(NAMES, "x"), "applicant": name})

    with zipfile.ZipFile(io.BytesIO(written)) as archive:
        document = archive.read("word/document.xml").decode()
    assert "49" not in document
    assert "{{ 7*7 }}" in document
    assert "&lt;b&gt;" in document
