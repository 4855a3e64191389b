"""What the tests of the exporter share: exporting, checking, and taking in again."""

import json
from pathlib import Path
from typing import Any

from django.apps import apps
from django.core.management.color import no_style
from django.core.management.sql import sql_flush
from django.db import connection

from clinik import guards
from clinik.imports import ImportReport
from records.bundle import Importer
from records.exporting import Everything, Export, Scope, as_text


def exported(scope: Scope | None = None) -> str:
    """NDJSON of the scope; of everything without one."""
    return "".join(as_text(Export(scope or Everything()), "ndjson"))


def resources(text: str) -> dict[str, dict[str, Any]]:
    """ "Type/id" -> resource, of NDJSON."""
    found = (json.loads(line) for line in text.splitlines())
    return {f"{one['resourceType']}/{one['id']}": one for one in found}


def the(kind: str, text: str) -> dict[str, Any]:
    """The only resource of a type."""
    (found,) = [one for one in resources(text).values() if one["resourceType"] == kind]
    return found


def refused_by_r4b(text: str) -> list[str]:
    """What fhir.resources says against the lines; it is stricter than the importer."""
    from fhir.resources.R4B import get_fhir_model_class

    found = []
    for line in text.splitlines():
        kind = json.loads(line)["resourceType"]
        try:
            get_fhir_model_class(kind).model_validate_json(line)
        except ValueError as error:
            found.append(f"{error} in {line}")
    return found


def empty_database() -> None:
    """Every row away: only in a test marked with transaction=True. The guards stand again after."""
    guards.remove()
    statements = sql_flush(no_style(), connection, allow_cascade=True)
    connection.ops.execute_sql_flush(statements)
    guards.install(apps.get_models())


def take_in_again(text: str, folder: Path) -> ImportReport:
    """Import NDJSON that was exported."""
    path = folder / "again.ndjson"
    path.write_text(text)
    return Importer("again").run([path])
