"""What a text may be written with: nothing that is not on the list, whatever it looks like."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.texts.catalogue import LANGUAGES, read_words
from bot.texts.reading import read
from bot.texts.syntax import LONGEST, Empty, MissingValueError, TextRefused, compiled, refusals

SHIPPED = sorted(
    (language, f"{family}.{name}.{field}", entry[field])
    for language in LANGUAGES
    for family in ("push", "reply")
    for name, entry in read_words(language)[family].items()
    for field in ("chat", "sms", "sms_accented")
    if field in entry
)
ESCAPES = [
    "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "{{ code.__class__ }}",
    "{{ code['__class__'] }}",
    "{{ code|attr('__class__') }}",
    "{{ [].append.__globals__ }}",
    "{{ self }}",
    "{{ self._TemplateReference__context }}",
    "{{ self.__init__.__globals__.__builtins__ }}",
    "{{ cycler.__init__.__globals__.os.popen('id').read() }}",
    "{{ joiner.__init__.__globals__ }}",
    "{{ lipsum.__globals__['os'].popen('id').read() }}",
    "{{ namespace.__init__ }}",
    "{{ get_flashed_messages.__globals__ }}",
    "{{ url_for.__globals__ }}",
    "{{ config }}{{ config.items() }}",
    "{{ request['application']['__globals__'] }}",
    "{{ ''|format }}",
    "{{ '%s'|format(code) }}",
    "{{ '{0.__class__}'.format(code) }}",
    "{{ ('{0.__class__.__mro__}'|attr('format'))(code) }}",
    "{{ ''.format_map }}",
    "{{ code|map('attr', '__class__')|list }}",
    "{{ [code]|map(attribute='__class__') }}",
    "{{ dict(__class__=code) }}",
    "{{ range(999999999)|list }}",
    "{% for i in range(999999999) %}x{% endfor %}",
    "{% for a in 'xxxxxxxx' recursive %}{{ loop('xxxxxxxx') }}{% endfor %}",
    "{{ 'x' * 999999999 }}",
    "{{ 9 ** 9 ** 9 }}",
    "{{ 'a' ~ 'b' }}",
    "{{ 'x'.__mul__(999999999) }}",
    "{{ 'x'|center(999999999) }}",
    "{{ 'x'|indent(999999999) }}",
    "{{ 'x'|replace('x', 'xx') }}",
    "{{ code|tojson }}",
    "{{ code|safe }}",
    "{{ code|default(boolean=true) }}",
    "{{ code|upper|default(*code) }}",
    "{% set x = code.__class__ %}{{ x }}",
    "{% set ns = namespace(x=1) %}{% set ns.x = 2 %}",
    "{% include '/etc/passwd' %}",
    "{% import 'os' as os %}",
    "{% from 'x' import y %}",
    "{% extends 'base' %}",
    "{% block a %}{% endblock %}",
    "{% macro m() %}{{ caller() }}{% endmacro %}{{ m() }}",
    "{% call code() %}{% endcall %}",
    "{% filter upper %}x{% endfilter %}",
    "{% with x = code %}{{ x }}{% endwith %}",
    "{% autoescape false %}{{ code }}{% endautoescape %}",
    "{% do code.append(1) %}",
    "{% debug %}",
    "{% trans %}x{% endtrans %}",
    "{{ (code, code) }}",
    "{{ {'a': code} }}",
    "{{ code[0:5] }}",
    "{{ -code }}",
    "{{ code + code }}",
    "{{ code is defined }}",
    "{{ code is callable }}",
    "{% if code is filter('upper') %}{% endif %}",
    "{{ code if code }}",
    "{{ code < 'x' }}",
    "{{ code == code }}",
    "{{ not code }}",
    "{{ (code == code)|upper }}",
    "{{ 1 }}{{ true }}{{ none }}",
    "{{ _code }}{{ __import__ }}",
    "{{ Code }}",
    "{{ super() }}",
    "{{ loop }}{{ caller }}{{ varargs }}{{ kwargs }}",
    "{{ mã }}",
]


@pytest.mark.parametrize(("language", "name", "source"), SHIPPED, ids=[f"{each[0]}-{each[1]}" for each in SHIPPED])
def test_every_shipped_text_is_written_with_what_is_allowed(language: str, name: str, source: str) -> None:
    assert refusals(source) == []


@pytest.mark.parametrize("source", ESCAPES)
def test_no_known_escape_from_the_sandbox_is_ever_compiled(source: str) -> None:
    assert refusals(source)
    with pytest.raises(TextRefused):
        compiled(source)


@pytest.mark.parametrize(
    "source",
    [
        "{{ " + "(" * 1900 + "a" + ")" * 1900 + " }}",
        "{{ " + "not " * 900 + "a }}",
        "{% if a %}" * 190 + "{% endif %}" * 190,
        "{{ a }}" * 570,
        "{{ " + "a or " * 700 + "a }}",
        "{{ " + "9" * 3900 + " }}",
        "{{ '" + "\\" * 3901 + "' }}",
        "{#" * 1900,
        "{{" * 1900,
        "{% raw %}" * 400,
        "{{ " + "[" * 1990,
        "x" * (LONGEST + 1),
        "{{ a" + "|upper" * 600 + " }}",
    ],
    ids=lambda source: source[:12],
)
def test_what_is_long_or_deep_is_refused_at_once(source: str) -> None:
    begin = time.thread_time()

    assert refusals(source)
    assert time.thread_time() - begin < 1


def test_a_refusal_names_the_line_and_what_is_not_allowed_in_both_languages() -> None:
    (first, second) = refusals("Kính gửi Ông/Bà,\nhồ sơ {{ code.x }}\n\n{% for a in b %}{% endfor %}")

    assert str(first) == (
        "dòng 2: không được dùng thuộc tính sau dấu chấm / line 2: not allowed: an attribute after a dot"
    )
    assert (second.line, second.vi, second.en) == (4, "không được dùng vòng lặp", "not allowed: a loop")


@given(st.text(st.sampled_from("{}%#|()[]. '\"abcode_=<>~+-*/ifnotraw\\\n\u00e0"), max_size=80))
@settings(max_examples=300, deadline=20_000)
def test_whatever_is_typed_is_refused_or_renders_to_text_and_nothing_else_happens(source: str) -> None:
    if refusals(source):
        return
    names = read(source).names

    shown = compiled(source).render(dict.fromkeys(names, "x"))

    assert isinstance(shown, str)
    assert len(shown) <= 2 * len(source) + 2


_VALUE = st.sampled_from(["a", "b", "c"])
_TEXTS = st.recursive(
    _VALUE | st.sampled_from(["'x'", "''"]),
    lambda inner: (
        st.tuples(inner, inner).map(lambda pair: f"({pair[0]} or {pair[1]})")
        | st.tuples(inner, inner).map(lambda pair: f"({pair[0]} and {pair[1]})")
        | st.tuples(inner, inner, inner).map(lambda each: f"({each[0]} if {each[1]} == {each[2]} else {each[0]})")
        | st.tuples(inner, _VALUE, inner).map(lambda each: f"({each[0]} if not {each[1]} else {each[2]})")
        | inner.map(lambda each: f"({each}|upper)")
        | st.tuples(inner, inner).map(lambda pair: f"({pair[0]}|default({pair[1]}))")
    ),
    max_leaves=6,
)
_BODIES = st.recursive(
    _TEXTS.map(lambda text: f"{{{{ {text} }}}}"),
    lambda inner: st.tuples(_TEXTS, inner, _TEXTS, inner, inner).map(
        lambda each: (
            f"{{% if {each[0]} %}}{each[1]}{{% elif not {each[2]} %}}{each[3]}{{% else %}}{each[4]}{{% endif %}}"
        )
    ),
    max_leaves=4,
)


@given(_BODIES, st.sets(st.sampled_from("abc")))
@settings(max_examples=300, deadline=20_000)
def test_a_text_refuses_to_go_out_only_for_a_value_that_the_reading_calls_unguarded(body: str, known: set[str]) -> None:
    values = {name: name if name in known else Empty(name) for name in "abc"}
    if refusals(body):
        return

    assert _missing(body, values) <= read(body).unguarded - known


def _missing(body: str, values: dict[str, str]) -> set[str]:
    """The value for want of which it refuses; empty where it does not."""
    try:
        compiled(body).render(values)
    except MissingValueError as missing:
        return {missing.name}
    return set()


def test_filters_do_what_a_writer_expects() -> None:
    source = "{{ a|upper }} {{ a|lower }} {{ a|capitalize }} {{ b|default('không rõ') }}"

    assert compiled(source).render(a="uBND xã", b="") == "UBND XÃ ubnd xã UBND xã không rõ"


@pytest.mark.parametrize("shown", ["{{ a }}", "{{ a|upper }}", "{{ a|capitalize }}", "{{ a or a }}", "{{ a and b }}"])
def test_an_empty_value_is_never_shown(shown: str) -> None:
    with pytest.raises(MissingValueError) as refused:
        compiled(shown).render(a=Empty("a"), b="b")
    assert refused.value.name == "a"
