"""Pages by keyset: a page starts after the last row seen, so none is skipped or shown twice.

A cursor names a row's place by (moment, key) and the direction to walk; OFFSET would count from the
top again, which costs more on every page and slips when rows arrive meanwhile.
"""

import base64
import binascii
import datetime as dt
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from django.db.models import Q, QuerySet

Row = TypeVar("Row")


@dataclass(frozen=True)
class Cursor:
    """The place of one row; `back` walks towards the beginning of the list."""

    moment: dt.datetime
    key: uuid.UUID
    back: bool = False

    def __str__(self) -> str:
        raw = f"{'b' if self.back else 'f'}{self.moment.isoformat()}|{self.key.hex}"
        return base64.urlsafe_b64encode(raw.encode()).decode().rstrip("=")

    @classmethod
    def read(cls, text: str) -> "Cursor | None":
        """The cursor of a URL; None where it is not one of ours (the list starts anew)."""
        try:
            raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode()
            moment, key = raw[1:].split("|")
            when = dt.datetime.fromisoformat(moment)
            if when.tzinfo is None or raw[0] not in "bf":
                return None
            # In UTC already here: an offset can push the first or the last day out of range.
            return cls(when.astimezone(dt.UTC), uuid.UUID(key), back=raw[0] == "b")
        except (ValueError, OverflowError, binascii.Error, IndexError):
            return None


@dataclass(frozen=True)
class Page(Generic[Row]):
    """Rows in the list's order, and the cursors of its neighbours (None = there is none)."""

    rows: list[Row]
    previous: Cursor | None
    next: Cursor | None


def page(
    found: QuerySet[Any, Row],
    *,
    size: int,
    cursor: Cursor | None,
    moment: str,
    place: Callable[[Row], tuple[dt.datetime, uuid.UUID]],
    descending: bool = True,
    last: dt.datetime | None = None,
) -> Page[Row]:
    """One page of `found`, ordered by (`moment`, id), read with one look-ahead row.

    `place(row)` gives a row's (moment, id). `last` is a moment before all others that stands for
    "unknown": its rows come at the end in both orders.
    """
    back = cursor is not None and cursor.back
    down = descending != back
    parts = [found]
    if last is not None and not descending:
        parts = _in_two(found, cursor, moment, last, back=back)
    if cursor is not None:
        parts[0] = parts[0].filter(_beyond(cursor, moment, down))
    order = (f"-{moment}", "-id") if down else (moment, "id")
    rows: list[Row] = []
    for part in parts:
        if len(rows) <= size:
            rows += part.order_by(*order)[: size + 1 - len(rows)]
    more = len(rows) > size
    rows = rows[:size]
    if back:
        rows.reverse()
    if not rows:
        return Page([], None, None)
    has_previous = more if back else cursor is not None
    has_next = True if back else more
    return Page(
        rows,
        _cursor(place(rows[0]), back=True) if has_previous else None,
        _cursor(place(rows[-1]), back=False) if has_next else None,
    )


def _in_two(
    found: QuerySet[Any, Row], cursor: Cursor | None, moment: str, last: dt.datetime, *, back: bool
) -> list[QuerySet[Any, Row]]:
    """The rows with a moment, then those without; from the cursor's part on, as one walks.

    Two reads where the first runs short, because an order by "unknown or not" has no index.
    """
    known = found.filter(**{f"{moment}__gt": last})
    unknown = found.filter(**{moment: last})
    at_unknown = cursor is not None and cursor.moment == last
    if back:
        return [unknown, known] if at_unknown else [known]
    return [unknown] if at_unknown else [known, unknown]


def _cursor(place: tuple[dt.datetime, uuid.UUID], *, back: bool) -> Cursor:
    return Cursor(place[0], place[1], back)


def _beyond(cursor: Cursor, moment: str, down: bool) -> Q:
    """Rows after the cursor's; the first bound lets the index find the place."""
    word = "lt" if down else "gt"
    return Q(**{f"{moment}__{word}e": cursor.moment}) & (
        Q(**{f"{moment}__{word}": cursor.moment}) | Q(**{f"id__{word}": cursor.key})
    )
