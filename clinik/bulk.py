"""Many new rows of one table at once, with the first row of their history.

Django's bulk_create asks each column of each row how it is to be written, which is most of its
time, and leaves no history. Here a table's columns are looked at once; PostgreSQL takes the rows by
COPY, SQLite by one prepared statement, and the history is copied inside the database.
"""

import datetime as dt
import json
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

from django.db import connection, models, transaction

from clinik import clock

Convert = Callable[[Any], Any]

# Keys named in one statement; SQLite's own limit is far above.
_AT_ONCE = 500


def insert(
    model: type[models.Model], rows: Iterable[Mapping[str, Any]], *, reason: str = ""
) -> int:
    """Insert rows (column -> value; a column left out takes its default), return how many.

    Where the model keeps a history each row begins its own, with `reason`. Values are taken as they
    are: nothing is validated but by the database; save() is not called. A text given for a JSON
    column is written as that JSON. Raises IntegrityError and DataError as the database does.
    """
    table = _Table.of(model, connection.vendor)
    now = clock.now()
    table.stamp(now)
    values = [table.values(row) for row in rows]
    if not values:
        return 0
    # One transaction, so that no row is without its history. Within another one it is that one's:
    # a savepoint would be two more statements, and none of the callers goes on after an error.
    with transaction.atomic(savepoint=False):
        table.write(values)
        if table.history is not None:
            table.write_history([row[table.key] for row in values], now, reason)
    return len(values)


class _Table:
    def __init__(self, model: type[models.Model], vendor: str) -> None:
        self.vendor = vendor
        self.name = connection.ops.quote_name(model._meta.db_table)
        columns: list[Any] = [
            field
            for field in model._meta.concrete_fields
            if not field.generated and not isinstance(field, models.AutoField)
        ]
        self.columns = ", ".join(connection.ops.quote_name(str(f.column)) for f in columns)
        self.place = {field.attname: at for at, field in enumerate(columns)}
        self.key = self.place.get(str(model._meta.pk and model._meta.pk.attname), 0)
        self.converters = [_converter(field, vendor) for field in columns]
        self.stamped = [at for at, field in enumerate(columns) if _stamps(field)]
        # Defaults that are made anew for each row (keys), and those that are the same for all.
        self.fresh = [
            (at, field.get_default)
            for at, field in enumerate(columns)
            if field.has_default() and callable(field.default)
        ]
        fresh = {at for at, _make in self.fresh}
        self.template = [
            None if at in fresh else _convert(self.converters[at], _default(field))
            for at, field in enumerate(columns)
        ]
        self.plans: dict[tuple[str, ...], list[tuple[int, Convert | None]]] = {}
        self.history = getattr(getattr(model, "history", None), "model", None)
        if self.history is not None:
            kept = {field.attname for field in self.history._meta.concrete_fields}
            self.kept = ", ".join(
                connection.ops.quote_name(str(f.column)) for f in columns if f.attname in kept
            )

    @staticmethod
    @lru_cache(maxsize=100)
    def of(model: type[models.Model], vendor: str) -> "_Table":
        return _Table(model, vendor)

    def stamp(self, now: dt.datetime) -> None:
        """When the next rows are made."""
        for at in self.stamped:
            self.template[at] = _convert(self.converters[at], now)

    def values(self, row: Mapping[str, Any]) -> list[Any]:
        """The row as the driver takes it, one value a column."""
        values = self.template.copy()
        converters = self.converters
        for at, make in self.fresh:
            values[at] = _convert(converters[at], make())
        names = tuple(row)
        plan = self.plans.get(names)
        if plan is None:
            # Rows of one table mostly have the same columns in the same order.
            plan = self.plans[names] = [(self.place[n], converters[self.place[n]]) for n in names]
        for (at, convert), value in zip(plan, row.values(), strict=True):
            values[at] = value if convert is None or value is None else convert(value)
        return values

    def write(self, rows: Sequence[Sequence[Any]]) -> None:
        with connection.cursor() as cursor:
            if self.vendor == "postgresql":
                # Django turns the driver's errors into its own only for what it runs itself.
                into = f"COPY {self.name} ({self.columns}) FROM STDIN"
                with connection.wrap_database_errors, cursor.copy(into) as copy:
                    for row in rows:
                        copy.write_row(row)
            else:
                marks = ", ".join(["%s"] * len(self.place))
                cursor.executemany(
                    f"INSERT INTO {self.name} ({self.columns}) VALUES ({marks})", rows
                )

    def write_history(self, keys: Sequence[Any], now: dt.datetime, reason: str) -> None:
        assert self.history is not None
        quote = connection.ops.quote_name
        history = quote(self.history._meta.db_table)
        pk = quote("id")
        at = now if self.vendor == "postgresql" else _naive(now)
        with connection.cursor() as cursor:
            for begin in range(0, len(keys), _AT_ONCE):
                part = keys[begin : begin + _AT_ONCE]
                if self.vendor == "postgresql":
                    among, given = "= ANY(%s)", [list(part)]
                else:
                    among, given = f"IN ({', '.join(['%s'] * len(part))})", list(part)
                cursor.execute(
                    f"INSERT INTO {history} ({self.kept}, history_date, history_type,"
                    " history_change_reason)"
                    f" SELECT {self.kept}, %s, %s, %s FROM {self.name} WHERE {pk} {among}"
                    f" ORDER BY {pk}",
                    [at, "+", reason, *given],
                )


def in_parts(values: Iterable[Any]) -> Iterator[list[Any]]:
    """The values in lists of at most 500, in a stable order, for statements that name each."""
    found = sorted(values, key=str)
    return (found[at : at + _AT_ONCE] for at in range(0, len(found), _AT_ONCE))


def json_text(value: Any) -> str:
    """JSON for a column: a number whose digits a float would lose as {"$decimal": text}."""
    if isinstance(value, str):
        return value
    if not value:
        return "[]" if isinstance(value, list) else "{}"
    return json.dumps(value, ensure_ascii=False, default=plain)


def plain(number: Any) -> Any:
    """For json.dumps(default=): a clinik.fhir.Number as JSON has it, its digits kept.

    No FHIR element is called $decimal.
    """
    text = number.text
    if "e" in text or "E" in text:
        # PostgreSQL writes out what an exponent shortens.
        return {"$decimal": text}
    for kind in (int, float):
        try:
            if str(kind(text)) == text:
                return kind(text)
        except (ValueError, OverflowError):
            continue
    return {"$decimal": text}


def _default(field: Any) -> Any:
    if field.has_default():
        return field.get_default()
    return None if field.null else field.get_default()


def _stamps(field: Any) -> bool:
    return bool(getattr(field, "auto_now", False) or getattr(field, "auto_now_add", False))


def _convert(convert: Convert | None, value: Any) -> Any:
    return value if convert is None or value is None else convert(value)


def _converter(field: Any, vendor: str) -> Convert | None:
    """From Python to what the driver takes; None where that is the value itself."""
    while field.is_relation:
        field = field.target_field
    if isinstance(field, models.JSONField):
        return json_text
    if vendor == "postgresql":
        return None
    if isinstance(field, models.UUIDField):
        return _hex
    if isinstance(field, models.DateTimeField):
        return _naive
    if isinstance(field, models.DateField | models.TimeField):
        return str
    return None


def _hex(value: uuid.UUID) -> str:
    return value.hex


def _naive(value: dt.datetime) -> str:
    """As Django writes a time into SQLite: UTC without saying so."""
    return str(value.astimezone(dt.UTC).replace(tzinfo=None))
