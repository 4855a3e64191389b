"""CHECK constraints said in the words of the domain."""

from collections.abc import Iterable

from django.db import models
from django.db.models import F, Q

# Rows made here bind to the clinic's own rules; a row with an import source keeps what it was sent.
IMPORTED = ~Q(source="")


def one_of(field: str, values: Iterable[str], *, blank: bool = False) -> models.CheckConstraint:
    """The column holds one of its choices (or nothing, where blank)."""
    allowed = [*values, ""] if blank else [*values]
    return models.CheckConstraint(
        name=f"%(app_label)s_%(class)s_{field}_known", condition=Q(**{f"{field}__in": allowed})
    )


def ordered(start: str, end: str, *, precision: bool = False) -> Q:
    """The interval does not end before it starts, where both ends are known (to the minute)."""
    condition = (
        Q(**{f"{start}__isnull": True})
        | Q(**{f"{end}__isnull": True})
        | Q(**{f"{start}__lte": F(end)})
    )
    if precision:
        condition |= ~Q(**{f"{start}_precision": "instant"}) | ~Q(**{f"{end}_precision": "instant"})
    return condition


def in_order(
    start: str = "start", end: str = "end", *, precision: bool = False
) -> models.CheckConstraint:
    """A rule for all rows, imported ones too: the interval is `ordered`."""
    return models.CheckConstraint(
        name=f"%(app_label)s_%(class)s_{start}_before_{end}",
        condition=ordered(start, end, precision=precision),
    )


def made_here(name: str, condition: Q) -> models.CheckConstraint:
    """A rule for rows made here; imported ones are free of it."""
    return models.CheckConstraint(
        name=f"%(app_label)s_%(class)s_{name}", condition=IMPORTED | condition
    )
