"""An installation with rows in it is brought up to date: every row is there, saying what it said.

`first_rows.json` holds two rows of each table as they stood before imports, reports and the seals
of the trail came: invented people. They are written by the migrations' own idea of the models, and
compared as the database holds them.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection, connections, transaction
from django.db.migrations.executor import MigrationExecutor

from clinik import guards

FIRST = [
    ("clinik", "0002_code_words"),
    ("encounters", "0003_alert_says_which_login_wrote_it"),
    ("records", "0004_prescription_renews_another"),
]
ROWS = json.loads((Path(__file__).parent / "first_rows.json").read_text())


@pytest.fixture
def empty_database(transactional_db: None, tmp_path: Path) -> Iterator[None]:
    """`connection` is one to a database without any table."""
    here = connections["default"]
    name = str(tmp_path / "clinic.sqlite3")
    if connection.vendor == "postgresql":
        name = "clinik_forward"
        with connection.cursor() as cursor:
            cursor.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
            cursor.execute(f"CREATE DATABASE {name} TEMPLATE template0")
    connections["default"] = type(here)({**here.settings_dict, "NAME": name}, "default")
    yield
    connections["default"].close()
    connections["default"] = here
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(f"DROP DATABASE {name} WITH (FORCE)")


def fill(apps: Any) -> set[str]:
    """Write the rows; the tables that have some now."""
    filled = set()
    # Keys are looked at when it ends: rows name rows that come later.
    with transaction.atomic():
        for row in ROWS:
            model = apps.get_model(row["model"])
            made = model(pk=model._meta.pk.to_python(row["pk"]))
            for name, value in row["fields"].items():
                field = model._meta.get_field(name)
                if not field.many_to_many and not getattr(field, "generated", False):
                    setattr(made, field.attname, field.to_python(value))
            made.save_base(raw=True, force_insert=True)
            filled.add(model._meta.db_table)
    connection.check_constraints()
    return filled


def said(tables: set[str], columns: dict[str, list[str]]) -> dict[str, list[str]]:
    """What each table holds in these columns."""
    found = {}
    with connection.cursor() as cursor:
        for table in sorted(tables):
            chosen = ", ".join(connection.ops.quote_name(name) for name in columns[table])
            cursor.execute(f"SELECT {chosen} FROM {connection.ops.quote_name(table)}")
            found[table] = sorted(map(repr, cursor.fetchall()))
    return found


def columns_of(tables: set[str]) -> dict[str, list[str]]:
    with connection.cursor() as cursor:
        return {
            table: sorted(
                column.name
                for column in connection.introspection.get_table_description(cursor, table)
            )
            for table in tables
        }


def test_rows_of_an_early_installation_are_all_there_when_it_is_brought_up_to_date(
    empty_database: None,
) -> None:
    executor = MigrationExecutor(connection)
    state = executor.migrate([*FIRST, ("auth", "0012_alter_user_first_name_max_length")])
    tables = fill(state.apps)
    assert len(tables) > 30, "nearly every table of that time has rows"
    columns = columns_of(tables)
    before = said(tables, columns)
    call_command("migrate", verbosity=0)
    kept = {
        table: [name for name in columns[table] if name in now]
        for table, now in columns_of(tables).items()
    }
    gone = {table: sorted(set(columns[table]) - set(kept[table])) for table in tables}
    assert {table: names for table, names in gone.items() if names} == {}
    assert said(tables, kept) == before
    connection.check_constraints()
    assert guards.missing() == [], "the old rows are guarded as well"
