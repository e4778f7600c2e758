"""A text of words and values alone, filled in without the template engine, which costs ten times as much."""

from collections.abc import Mapping

from jinja2 import Template, nodes

from bot.texts.syntax import Empty, MissingValueError, compiled, tree_of


class Plain:
    """A text without a condition or a filter: its words, and the names of the values between them."""

    def __init__(self, source: str, pieces: tuple[tuple[str, str], ...]) -> None:
        """`pieces`: words, and the name of the value that follows them; empty: none does."""
        self._source = source
        self._pieces = pieces

    def render(self, values: Mapping[str, str]) -> str:
        """As the compiled template does. Raises `MissingValueError`."""
        said: list[str] = []
        for words, name in self._pieces:
            said.append(words)
            if name:
                value = values.get(name)
                if value is None:
                    # What is said of a name that nobody gave is the engine's affair.
                    return compiled(self._source).render(values)
                if isinstance(value, Empty):
                    raise MissingValueError(value.name)
                said.append(value)
        return "".join(said)


Fillable = Template | Plain


def fillable(source: str) -> Fillable:
    """What fills the text in, the quick way where it has nothing but words and values. Raises `TextRefused`."""
    tree = tree_of(source)
    pieces: list[tuple[str, str]] = []
    for statement in tree.body:
        if not isinstance(statement, nodes.Output):
            return compiled(source)
        for node in statement.nodes:
            match node:
                case nodes.TemplateData():
                    pieces.append((node.data, ""))
                case nodes.Name():
                    pieces.append(("", node.name))
                case _:
                    return compiled(source)
    return Plain(source, tuple(pieces))
