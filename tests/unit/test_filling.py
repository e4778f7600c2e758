"""Texts are filled in the quick way, and say the same as by the template engine."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import UndefinedError

from bot.texts.catalogue import LANGUAGES, shipped
from bot.texts.filling import Quick, fillable
from bot.texts.syntax import Empty, MissingValueError, compiled

NAMES = st.sampled_from(["ten", "code", "place", "nobody_gave_it"])
WORDS = st.text("aĂ đ.,\n<%", max_size=4)
QUOTED = st.sampled_from(['"A"', '"quầy 2"', '""'])
VALUE = st.recursive(
    NAMES | QUOTED,
    lambda inner: st.one_of(
        st.builds("({} or {})".format, inner, inner),
        st.builds("({} and {})".format, inner, inner),
        st.builds("({} | default({}))".format, inner, inner),
        st.builds("({} | {})".format, inner, st.sampled_from(["upper", "lower", "capitalize"])),
        st.builds("({} if {} else {})".format, inner, inner, inner),
    ),
    max_leaves=4,
)
CONDITION = st.recursive(
    VALUE | st.builds("({} {} {})".format, VALUE, st.sampled_from(["==", "!=", "in", "not in"]), VALUE),
    lambda inner: st.one_of(
        st.builds("(not {})".format, inner),
        st.builds("({} and {})".format, inner, inner),
        st.builds("({} or {})".format, inner, inner),
    ),
    max_leaves=3,
)
SAID = WORDS | st.builds("{{{{ {} }}}}".format, VALUE)
SOURCE = st.recursive(
    SAID,
    lambda inner: st.one_of(
        st.builds("{}{}".format, inner, inner),
        st.builds("{{% if {} %}}{}{{% else %}}{}{{% endif %}}".format, CONDITION, inner, inner),
        st.builds("{{% if {} -%}}{}{{%- elif {} %}}{}{{% endif %}}".format, CONDITION, inner, CONDITION, inner),
    ),
    max_leaves=5,
)
GIVEN = st.sampled_from(["A", "quầy 2", "<b>", None])


@given(source=SOURCE, ten=GIVEN, code=GIVEN, place=GIVEN)
def test_whatever_a_text_may_say_it_says_the_same_as_by_the_engine(
    source: str, ten: str | None, code: str | None, place: str | None
) -> None:
    values = {
        name: Empty(name) if value is None else value
        for name, value in {"ten": ten, "code": code, "place": place}.items()
    }

    quick = fillable(source)

    assert isinstance(quick, Quick)
    assert _told(lambda: quick.render(values)) == _told(lambda: compiled(source).render(values))


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_text_that_is_shipped_needs_the_engine(language: str) -> None:
    bodies = [body for wording in shipped(language).values() for body in wording.bodies.values()]

    needing = [body for body in bodies if not isinstance(fillable(body), Quick)]

    assert bodies
    assert not needing


def test_what_is_not_known_here_is_left_to_the_engine() -> None:
    source = "{% if ten == code == place %}{{ ten }}{% endif %}"

    assert not isinstance(fillable(source), Quick)


def test_an_empty_value_is_missed_by_its_name() -> None:
    with pytest.raises(MissingValueError) as missing:
        fillable("Kinh gui {{ ten }}").render({"ten": Empty("ten")})

    assert missing.value.name == "ten"


def _told(render: Callable[[], str]) -> tuple[str, str]:
    """What is said, or how it fails."""
    try:
        return "said", render()
    except MissingValueError as missing:
        return "missing", missing.name
    except UndefinedError as undefined:
        return "undefined", str(undefined)
    except TypeError as wrong:
        # A value that nobody gave is looked for in a word.
        return "wrong", str(wrong)
