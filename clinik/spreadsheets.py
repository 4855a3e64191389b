"""Rows as CSV that a spreadsheet opens: UTF-8 with its mark, and no cell that it would run."""

import csv
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

# What a spreadsheet takes for a formula, also behind blanks; full-width signs count in some.
_FORMULA = re.compile(r"\s*[=+\-@＝＋－＠]|[\t\r\n]")
_NUMBER = re.compile(r"[+-]?[0-9]+([.,][0-9]+)?")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
MARK = "\ufeff"


def cell(value: Any) -> Any:
    """The value as a cell: numbers as they are; a text that would run gets an apostrophe first."""
    if value is None:
        return ""
    if isinstance(value, int | float):
        return value
    text = _CONTROL.sub(" ", str(value))
    if _FORMULA.match(text) and not _NUMBER.fullmatch(text):
        return f"'{text}"
    return text


class _Line:
    """What csv.writer writes to: it hands the line on."""

    def write(self, text: str) -> str:
        return text


def lines(header: Sequence[Any], rows: Iterable[Sequence[Any]]) -> Iterator[str]:
    """The lines of a CSV file, the byte-order mark before the header; texts stand in quotes."""
    writer: Any = csv.writer(_Line(), quoting=csv.QUOTE_NONNUMERIC)
    yield MARK + writer.writerow([str(name) for name in header])
    for row in rows:
        yield writer.writerow([cell(value) for value in row])
