"""Several laboratory results of one time, entered together: all are kept or none."""

import datetime as dt
import uuid
from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import Http404

from clinik.forms import Repeated
from encounters.models import Encounter
from records.models import Observation
from records.observations import add_observation, as_digits, as_number, look_up
from records.recording import open_for_records, require


def add_results(
    encounter: Encounter,
    *,
    by: Any,
    id: uuid.UUID,
    effective: dt.datetime,
    results: Mapping[int, Mapping[str, Any]],
) -> list[Observation]:
    """Record each row as add_observation() does; `id` is the form's key, the rows' derive from it.

    Raises PermissionDenied, Repeated, and ValidationError keyed by `<field>_<row>`: of all rows at
    once, so that one look mends them.
    """
    require(by, "records.add_observation")
    errors: dict[str, Any] = {}
    made: list[Observation] = []
    with transaction.atomic():
        open_for_records(encounter)
        before = _made_before(encounter, by, id, results)
        if before:
            return before
        for number, row in results.items():
            key = uuid.uuid5(id, str(number))
            try:
                with transaction.atomic():
                    made.append(
                        add_observation(encounter, by=by, id=key, effective=effective, **row)
                    )
            except ValidationError as error:
                for name, found in error.error_dict.items():
                    errors["effective" if name == "effective" else f"{name}_{number}"] = found
        if errors:
            raise ValidationError(errors)
    return made


def _made_before(
    encounter: Encounter, by: Any, id: uuid.UUID, results: Mapping[int, Mapping[str, Any]]
) -> list[Observation]:
    """What an earlier sending of the same form made, if it said the same; else Repeated."""
    keys = {uuid.uuid5(id, str(number)): row for number, row in results.items()}
    every = [uuid.uuid5(id, str(number)) for number in range(1, 100)]
    found = list(Observation.objects.filter(pk__in=every))
    for stored in found:
        if stored.encounter_id != encounter.pk or stored.entered_by_id != by.pk:
            raise Http404
        row = keys.get(stored.pk)
        if row is None or not _says(stored, row):
            raise Repeated(stored)
    if found and len(found) != len(keys):
        raise Repeated(found[0])
    return found


def _says(stored: Observation, row: Mapping[str, Any]) -> bool:
    typed = row["value"].strip().lstrip("<>=")
    value = as_digits(typed) if as_number(typed) is not None else row["value"].strip()
    known = look_up(row["what"])
    named = stored.code_code == known.code if known else stored.code_text == row["what"].strip()
    return named and value in (stored.value, stored.value_text)
