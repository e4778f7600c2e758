"""Texts of words and values alone are filled in the quick way, and say the same as by the template engine."""

import pytest

from bot.texts.filling import Plain, fillable
from bot.texts.syntax import Empty, MissingValueError, compiled


def test_words_and_values_alone_need_no_engine_and_say_the_same() -> None:
    source = "Kinh gui {{ ten }}: ho so {{ code }}, {{ten}}.\n100% {{ code }}"
    values = {"ten": "Nguyễn Thị Bé <b>", "code": "H56.14-240823-0001"}

    quick = fillable(source)

    assert isinstance(quick, Plain)
    assert quick.render(values) == compiled(source).render(values)


@pytest.mark.parametrize("source", ["{% if ten %}{{ ten }}{% endif %}", "{{ ten | upper }}", "{{ ten or code }}"])
def test_whatever_decides_something_is_left_to_the_engine(source: str) -> None:
    assert not isinstance(fillable(source), Plain)


def test_an_empty_value_is_missed_by_its_name() -> None:
    with pytest.raises(MissingValueError) as missing:
        fillable("Kinh gui {{ ten }}").render({"ten": Empty("ten")})

    assert missing.value.name == "ten"
