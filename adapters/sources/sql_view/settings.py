"""What an operator can say about a view in the vendor's database."""

from typing import Literal, Self

from pydantic import Field, field_validator, model_validator

from adapters.records.settings import RecordSettings
from adapters.sources.sql_view.kinds import Kind
from adapters.sources.sql_view.naming import Part, kind_of, one_select, parts_of
from bot.settings import Secret


class Settings(RecordSettings):
    """A view or a query that shows one row for each dossier."""

    url: str = Field(
        description="Address without password: postgresql://user@host:5432/name, mysql://, mariadb://, mssql://, "
        "oracle://user@host:1521/?service_name=NAME, sqlite:///path/to/file.db."
    )
    password: Secret | None = Field(default=None, description="The account's password; none: the server asks for none.")
    view: str = Field(
        default="", description='View or table, such as schema.v_ho_so; "Quoted" where capitals count. Or `query`.'
    )
    query: str = Field(default="", description="One SELECT in place of a view; without ORDER BY and semicolon.")
    mode: Literal["since", "all"] = Field(
        default="since",
        description="since: each round what was changed after the one before; all: every row, where nothing tells "
        "what has changed.",
    )
    changed_column: str = Field(
        default="", description="Column with the time, rising number or rowversion of a row's last change; empty: "
        "that of `updated_at`."
    )  # fmt: skip
    code_column: str = Field(
        default="", description="Column that is different in every row, by which equal times are told apart; empty: "
        "that of the dossier's code."
    )  # fmt: skip
    undated: bool = Field(
        default=True,
        description="Each round also look for rows without a change time, which are all read, and without a code, "
        "which are quarantined; false where the view can have neither.",
    )
    overlap: float = Field(
        default=300.0,
        ge=0,
        description="Seconds that each round looks back, for rows that were committed late with an earlier time.",
    )
    overlap_number: int = Field(
        default=1_000, ge=0, description="The same where the changed column is a number or rowversion, in its own unit."
    )
    batch_rows: int = Field(default=1_000, ge=1, le=5_000, description="Rows in one query and one batch.")
    timeout: float = Field(default=30.0, gt=0, le=3_600, description="Seconds after which a query is ended.")
    connect_timeout: float = Field(default=10.0, gt=0, le=300, description="Seconds to connect and log in.")

    @property
    def kind(self) -> Kind:
        return kind_of(self.url)

    @property
    def parts(self) -> tuple[Part, ...]:
        """Of the view's name; empty where there is a query."""
        return parts_of(self.view, self.kind) if self.view else ()

    @property
    def place(self) -> str:
        """How messages call what is read."""
        return self.view or "query"

    @field_validator("url")
    @classmethod
    def _known_database(cls, value: str) -> str:
        kind_of(value)
        return value

    @field_validator("query")
    @classmethod
    def _one_select(cls, value: str) -> str:
        return one_select(value) if value.strip() else ""

    @model_validator(mode="after")
    def _one_thing_to_read(self) -> Self:
        if bool(self.view) == bool(self.query):
            raise ValueError("exactly one of `view` and `query` is needed")
        _ = self.parts
        return self
