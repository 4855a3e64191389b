"""Rows as named columns, read past the ORM: most of an export's time would go into its conversions.

Keys stay as the driver gives them (text in SQLite, UUIDs in PostgreSQL): they are only compared and
looked up. Whatever a writer reads has the type that the model says.
"""

import datetime as dt
import json
from collections import namedtuple
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

from django.db import connection, models
from django.db.models import CharField, F
from django.db.models.functions import Cast

Convert = Callable[[Any], Any]

# What most further codings are; read only, so that all may share it.
_NO_CODINGS: list[Any] = []


def key() -> Any:
    """The primary key in a queryset, as `fetch` gives it."""
    return Cast("pk", CharField()) if connection.vendor == "sqlite" else F("pk")


def fetch(
    model: type[models.Model], names: tuple[str, ...], by: str, keys: Sequence[Any], **equal: str
) -> list[Any]:
    """Columns (attribute names) of the rows whose `by` is one of `keys`, in any order.

    `equal` are text columns that have to have one value.
    """
    if not keys:
        return []
    select, make, converters = _table(model, names, connection.vendor)
    quote = connection.ops.quote_name
    if connection.vendor == "postgresql":
        among, given = "= ANY(%s)", [list(keys)]
    else:
        among, given = f"IN ({', '.join(['%s'] * len(keys))})", list(keys)
    where = [f"{quote(by)} {among}", *(f"{quote(name)} = %s" for name in equal)]
    with connection.cursor() as cursor:
        cursor.execute(f"{select} WHERE {' AND '.join(where)}", [*given, *equal.values()])
        found = cursor.fetchall()
    rows = []
    for values in found:
        row = list(values)
        for at, convert in converters:
            if row[at] is not None:
                row[at] = convert(row[at])
        rows.append(make(row))
    return rows


@lru_cache(maxsize=200)
def _table(
    model: type[models.Model], names: tuple[str, ...], vendor: str
) -> tuple[str, Callable[[list[Any]], Any], list[tuple[int, Convert]]]:
    fields = {field.attname: field for field in model._meta.concrete_fields}
    quote = connection.ops.quote_name
    columns = ", ".join(quote(str(fields[name].column)) for name in names)
    select = f"SELECT {columns} FROM {quote(model._meta.db_table)}"
    converters = [(at, _converter(fields[name], vendor)) for at, name in enumerate(names)]
    make: Any = namedtuple(f"{model.__name__}Row", names)  # type: ignore[misc]
    return select, make._make, [(at, convert) for at, convert in converters if convert]


def _converter(field: Any, vendor: str) -> Convert | None:
    """From what the driver gives to what the model says; None where that is the same."""
    if isinstance(field, models.JSONField):
        return _json
    if vendor == "postgresql":
        return None
    # Django has taught the driver dates and what is true; times are UTC without saying so.
    return _utc if isinstance(field, models.DateTimeField) else None


def _json(text: Any) -> Any:
    return _NO_CODINGS if text == "[]" else json.loads(text)


def _utc(moment: dt.datetime) -> dt.datetime:
    return moment.replace(tzinfo=dt.UTC)
