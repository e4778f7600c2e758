"""`motcua texts`: an office writes its own words, sees them, publishes them, and takes them back."""

from pathlib import Path

import pytest

from tests.support.desk import Desk
from tests.support.exports import Office, code_of, row

OWN_SMS = 'sms = "Kính gửi Ông/Bà: mời nhận kết quả hồ sơ {{ code }}{% if agency %} tại {{ agency }}{% endif %}."'


@pytest.fixture
def mirrored(service: Desk, office: Office) -> Desk:
    """A service that knows one dossier, whose result is ready."""
    office.exports(row(1, status="9"))
    service.said("source", "sync", "office")
    return service


def write(desk: Desk, *, sms: str = OWN_SMS, situation: str = "result", more: str = "", agency: str = "") -> Path:
    """A file as somebody changes it who began with `export`."""
    path = desk.place / "own.toml"
    desk.said("texts", "export", situation, "--version", "0", "--agency", agency, "-o", str(path))
    lines = path.read_text(encoding="utf-8").splitlines()
    lines = [sms if line.startswith("sms = ") else line for line in lines]
    path.write_text("\n".join([*lines, more, ""]), encoding="utf-8")
    return path


def edit(desk: Desk, path: Path, *more: str) -> str:
    return desk.said("texts", "edit", "--file", str(path), "--by", "chi.lan", *more)


def states(desk: Desk, *more: str) -> list[tuple[int, str, int]]:
    found = desk.json("texts", "history", "result", *more)
    return [(each["number"], each["state"], each["copy_of"]) for each in found]


def test_every_situation_is_listed_with_what_is_in_force(service: Desk) -> None:
    edit(service, write(service))
    service.said("texts", "publish", "result", "--by", "anh.nam")
    edit(service, write(service, agency="H56.14"))

    lines = service.said("texts", "list").splitlines()
    found = service.json("texts", "list")

    (general, own) = [line for line in lines if "│ result " in line]
    assert "bản 1 · anh.nam" in general
    assert "result · H56.14" in own
    assert "bản 1 · chi.lan" in own
    assert sum("có sẵn" in line for line in lines) > 25
    assert not any("│ reply" in line for line in lines)
    assert [(each["agency"], each["state"]) for each in found] == [("", "published"), ("H56.14", "draft")]


def test_what_is_exported_and_given_back_unchanged_says_the_same(service: Desk) -> None:
    path = service.place / "same.toml"
    service.said("texts", "export", "apology", "--language", "en", "-o", str(path))

    edit(service, path)

    assert "They say the same." in service.said("texts", "diff", "apology", "--language", "en")


def test_a_draft_is_compared_published_and_shown(service: Desk) -> None:
    edit(service, write(service), "--note", "theo ý kiến của chị Hoa")

    compared = service.said("texts", "diff", "result")
    before = service.said("texts", "show", "result")
    published = service.said("texts", "publish", "result", "--by", "anh.nam")
    after = service.said("texts", "show", "result")

    assert f"\n+{OWN_SMS}\n" in compared
    assert "\n-sms = " in compared
    assert "--- có sẵn / shipped\n+++ bản / version 1\n" in compared
    assert "mời nhận kết quả hồ sơ" not in before
    assert "Version 1 is in force." in published
    assert OWN_SMS in after
    shown = service.said("texts", "history", "result")
    assert "theo ý kiến của chị Hoa" in shown
    assert "anh.nam" in shown


def test_a_text_with_errors_is_kept_as_a_draft_and_never_published(service: Desk) -> None:
    path = write(service, sms='sms = "Kính gửi Ông/Bà: {{ code }} {{ reason }} bit.ly/x"')

    kept = service.types("texts", "edit", "--file", str(path))
    refused = service.types("texts", "publish", "result")

    assert kept.code == refused.code == 1
    assert "Draft 1 is kept." in kept.out
    assert "has a link “bit.ly”" in refused.out
    assert "version 1 has errors, not published" in refused.err
    assert states(service) == [(1, "draft", 0)]
    assert "there is no draft" in service.refused("texts", "publish", "apology")


def test_an_older_version_comes_back_as_a_new_one_and_the_shipped_words_with_zero(service: Desk) -> None:
    for sms in (OWN_SMS, OWN_SMS.replace("mời nhận", "đã có")):
        edit(service, write(service, sms=sms))
        service.said("texts", "publish", "result")

    service.said("texts", "rollback", "result", "--to", "1", "--note", "bản 2 khó hiểu")
    back = service.said("texts", "show", "result")
    history = states(service)
    service.said("texts", "rollback", "result", "--to", "0")

    assert OWN_SMS in back
    assert history == [(3, "published", 1), (2, "retired", 0), (1, "retired", 0)]
    assert "có sẵn / shipped" in service.said("texts", "show", "result")
    assert "was never published" in service.refused("texts", "rollback", "result", "--to", "0")
    assert "was never published" in service.refused("texts", "rollback", "result", "--to", "9")


def test_a_draft_is_seen_with_a_real_dossier_on_every_channel_side_by_side_with_its_cost(mirrored: Desk) -> None:
    zbs = '[zbs]\nid = "100004"\n[zbs.parameters]\nma_ho_so = "code"\nnoi_tra = "place"\n'
    registered = '[registered.trial]\npattern = "Moi nhan ho so {1} ngay."\n'
    mirrored.types("texts", "edit", "--file", str(write(mirrored, more=zbs + registered)))

    shown = mirrored.said("texts", "preview", "result", "--code", code_of(1).lower())
    found = mirrored.json("texts", "preview", "result", "--code", code_of(1), "--set", "place=Quầy 3")

    assert "bản / version 1 của / of mọi cơ quan / all · nháp / draft" in shown
    assert f"Hồ sơ {code_of(1)} đã có kết quả." in shown
    assert f"Kính gửi Ông/Bà: mời nhận kết quả hồ sơ {code_of(1)} tại UBND xã Hải Hà." in " ".join(shown.split())
    assert f"Kinh gui Ong/Ba: moi nhan ket qua ho so {code_of(1)} tai UBND xa Hai Ha." in " ".join(shown.split())
    assert "600 đ" in shown
    assert "300 đ" in shown
    assert "trial: ✗ khác" in shown
    assert "cannot be filled: there is no place" in shown
    assert found["zbs"] == [
        {"channel": "", "id": "100004", "values": {"ma_ho_so": code_of(1), "noi_tra": "Quầy 3"}, "refused": {}}
    ]
    assert [found["sms"][way]["parts"] for way in ("accented", "unaccented")] == [2, 1]
    assert "Nguyễn" not in shown


def test_a_preview_says_for_want_of_what_nothing_would_be_sent(mirrored: Desk) -> None:
    done = mirrored.types("texts", "preview", "apology", "--code", code_of(1))
    with_it = mirrored.said(
        "texts", "preview", "apology", "--code", code_of(1), "--set", "old_appointment=16:30 29/08/2024"
    )

    assert done.code == 1
    assert "the dossier has no value for old_appointment" in done.out
    assert "16:30 29/08/2024" in with_it
    assert "no such dossier" in mirrored.refused("texts", "preview", "apology", "--code", "H1")


def test_the_text_of_the_dossiers_own_agency_is_previewed(mirrored: Desk) -> None:
    edit(mirrored, write(mirrored, agency="H56"))
    edit(mirrored, write(mirrored, sms=OWN_SMS.replace("mời nhận", "xin nhận"), agency="H56.14"))
    edit(mirrored, write(mirrored, sms=OWN_SMS.replace("mời nhận", "hãy nhận"), agency="H56.15"))

    own = mirrored.said("texts", "preview", "result", "--code", code_of(1))

    assert "xin nhận kết quả" in " ".join(own.split())


def test_the_linter_looks_at_all_texts_at_one_and_at_a_file_and_fails_on_errors(service: Desk) -> None:
    path = write(service, sms='sms = "{{ code }}: & {% for x in y %}{% endfor %}"')

    clean = service.said("texts", "lint")
    of_file = service.types("texts", "lint", "--file", str(path))
    kept = service.types("texts", "lint", "result")
    service.types("texts", "edit", "--file", str(path))
    of_draft = service.types("texts", "lint", "result", "--json")
    of_all = service.types("texts", "lint")

    assert "Nothing to mend." in clean
    assert (of_file.code, kept.code, of_draft.code, of_all.code) == (1, 0, 1, 1)
    assert "dòng 1: không được dùng vòng lặp / line 1: not allowed: a loop" in of_file.out
    assert '"place": "sms"' in of_draft.out


def test_a_signature_that_is_missing_is_told_and_stops_a_publication(service: Desk) -> None:
    service.configure('[texts]\nsignature = "MOTCUA"')
    path = write(service)

    shipped = service.types("texts", "lint")
    service.types("texts", "edit", "--file", str(path))
    refused = service.refused("texts", "publish", "result")
    edit(service, write(service, sms=OWN_SMS.replace("Kính gửi", "MOTCUA: Kính gửi")))
    service.said("texts", "publish", "result")

    assert shipped.code == 0
    assert "thiếu chữ ký “MOTCUA”" in shipped.out
    assert "not published" in refused


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("situation = 3 =", "not valid TOML"),
        ('situation = "rezult"', "[situation]"),
        ('situation = "reply"', "the words of “reply” cannot be changed"),
        ('situation = "result"\nlanguage = "fr"', "[language]"),
        ('situation = "result"\nchatt = "x"', "did you mean: chat?"),
        ('situation = "result"\n[zbs]\nid = "../x"', "[zbs.id]"),
    ],
)
def test_a_file_that_is_no_text_is_refused_in_words(service: Desk, text: str, says: str) -> None:
    path = service.place / "x.toml"
    path.write_text(text, encoding="utf-8")

    assert says in service.refused("texts", "edit", "--file", str(path))
    assert "cannot be read" in service.refused("texts", "edit", "--file", "none.toml")


def test_what_citizens_ask_is_not_for_an_office_to_change(service: Desk) -> None:
    assert "cannot be changed" in service.refused("texts", "show", "reply")
    assert "there are only: vi, en" in service.refused("texts", "show", "result", "--language", "fr")


def test_the_check_names_a_published_text_that_is_not_used(service: Desk) -> None:
    edit(service, write(service))
    service.said("texts", "publish", "result")
    good = service.said("check")
    service.configure('[texts]\nsignature = "MOTCUA"')

    done = service.types("check")

    assert "✓ lời gửi công dân / texts" in good
    assert done.code == 1
    assert "✗ lời gửi công dân / texts: result · vi: sms" in done.out
