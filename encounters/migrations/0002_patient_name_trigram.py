"""Indexes that answer the find box on 100,000 patients; each database has its own kind.

Not in the model, because neither exists on the other database, and because
django.contrib.postgres.operations does not import without psycopg.
"""

from typing import Any

from django.db import migrations

POSTGRESQL = (
    # Any part of a name, and any four digits of a phone.
    "CREATE EXTENSION IF NOT EXISTS pg_trgm",
    "CREATE INDEX IF NOT EXISTS patient_name_trigram"
    " ON encounters_patient USING gin (search_name gin_trgm_ops)",
    "CREATE INDEX IF NOT EXISTS patient_phone_trigram"
    " ON encounters_patient USING gin (phone_digits gin_trgm_ops)",
)
SQLITE = (
    # Holds all that a search compares, in the order of a list: a search reads the index from its
    # beginning and touches a row only once it is found. SQLite's table rebuilds keep it.
    "CREATE INDEX IF NOT EXISTS patient_search ON encounters_patient"
    " (merged_into_id, family, given, id, search_name, phone_digits, birth_date)",
)


def make(apps: Any, schema_editor: Any) -> None:
    statements = {"postgresql": POSTGRESQL, "sqlite": SQLITE}
    for statement in statements.get(schema_editor.connection.vendor, ()):
        schema_editor.execute(statement)


def unmake(apps: Any, schema_editor: Any) -> None:
    for name in ("patient_name_trigram", "patient_phone_trigram", "patient_search"):
        schema_editor.execute(f"DROP INDEX IF EXISTS {name}")


class Migration(migrations.Migration):
    dependencies = [("encounters", "0001_initial")]
    operations = [migrations.RunPython(make, unmake, elidable=False)]
