"""What a column of a CSV file is, and the ways a header may write its name."""

import re
from dataclasses import dataclass
from typing import Any

from django.db import models

from clinik.fhir import FhirTime
from records.csv_files import values
from records.csv_files.values import Reader

_IGNORED = re.compile(r"[\s_\-./#()]+")


def folded(header: str) -> str:
    """A header without case, blanks, underscores and marks: "Date of Birth" is "dateofbirth"."""
    return _IGNORED.sub("", header.casefold())


@dataclass(frozen=True)
class Column:
    """One of our columns.

    `field` is the model's column that it fills as it is (with its `_precision` beside it, of a
    time); empty where the kind's builder makes something of it. `empty` is what an empty cell
    means. `aliases` are other headers that mean it, folded.
    """

    name: str
    read: Reader
    field: str = ""
    aliases: tuple[str, ...] = ()
    required: bool = False
    empty: Any = ""

    def fields(self, value: Any) -> dict[str, Any]:
        """What the value makes of the model's columns."""
        if not self.field:
            return {}
        if isinstance(value, FhirTime):
            return {self.field: value.instant, f"{self.field}_precision": value.precision}
        return {self.field: value}


def text(
    name: str,
    model: type[models.Model],
    aliases: str = "",
    *,
    field: str = "",
    required: bool = False,
) -> Column:
    """A column of text, no longer than the model's column."""
    column = field or name
    most = model._meta.get_field(column).max_length  # type: ignore[union-attr]
    read = values.limited(most) if most else values.words
    return Column(name, read, column, tuple(aliases.split()), required)


def choice(
    name: str,
    allowed: Any,
    aliases: str = "",
    *,
    field: str = "",
    synonyms: dict[str, str] | None = None,
) -> Column:
    """A column with one of a few codes; `synonyms` are words for them, in small letters."""
    known = {code.casefold(): code for code in allowed} | (synonyms or {})
    return Column(name, values.one_of(known), field, tuple(aliases.split()))


def time(
    name: str, aliases: str = "", *, field: str = "", required: bool = False, exact: bool = False
) -> Column:
    read = values.exact if exact else values.moment
    return Column(name, read, field or name, tuple(aliases.split()), required, empty=None)


def key(name: str, aliases: str = "", *, required: bool = False) -> Column:
    """The source's id of the row itself, or of another that it belongs to."""
    return Column(name, values.limited(500), "", tuple(aliases.split()), required)


def other(
    name: str, read: Reader, aliases: str = "", *, field: str = "", empty: Any = ""
) -> Column:
    return Column(name, read, field, tuple(aliases.split()), empty=empty)
