"""record_vitals(): one taking of vital signs, typed by fields, stored as observations of one time.

What is refused and what is asked once stands in records.vitals. Flags and scores are computed where
they are shown and never stored.
"""

import datetime as dt
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import Http404
from django.utils.translation import gettext as _

from clinik import clock
from clinik.codes import LOINC
from clinik.forms import Repeated
from encounters.models import Encounter, Patient
from records.bands import PREGNANCY_AFTER_DUE
from records.code_table import PART_NAMES, PREGNANCY_NAMES, VITAL_NAMES
from records.models import Observation, ObservationComponent
from records.models.observation import Category, Status
from records.observations import as_digits, shown_unit
from records.readings import PREGNANCY_LASTS
from records.recording import fill, insert, open_for_records, require, save_by
from records.vitals import (
    BY_CODE,
    CONSCIOUSNESS,
    DIASTOLIC,
    OWN_CODES,
    PREGNANCY_DUE,
    PREGNANCY_STATUS,
    SCALE_2_TARGET,
    SPO2_TARGET,
    SYSTOLIC,
    USUAL_TARGET,
    VITALS,
    bp_refusal,
    in_band_unit,
    questions,
    refusal,
)

# What is stored for breathing room air: an inhaled oxygen flow of nothing.
ON_AIR = "0"

PRESSURES = {"systolic": SYSTOLIC, "diastolic": DIASTOLIC}
SIGNS = tuple(key for key in VITALS if key not in ("bp", "bmi", "consciousness"))
# The fields of the form, and everything it can make: a blood pressure is one observation.
NAMES = (*PRESSURES, *SIGNS, "consciousness", "pregnancy", "due", "target")
_ROWS = ("bp", *SIGNS, "consciousness", "pregnancy", "due", "target")
TARGETS = (SCALE_2_TARGET, USUAL_TARGET)
# LOINC's answers to the pregnancy status: by what the form sends.
PREGNANCY = {"yes": ("LA15173-0", "Pregnant"), "no": ("LA26683-5", "Not pregnant")}


@dataclass(frozen=True)
class Typed:
    """One value as typed and accepted: the digits to keep, and their unit (UCUM)."""

    name: str
    digits: str
    unit: str

    @property
    def standard(self) -> Decimal:
        """The number in the sign's first unit: Cel, cm, kg."""
        key = "bp" if self.name in PRESSURES else self.name
        found = in_band_unit(key, self.digits, self.unit)
        if found is None:
            raise ValueError(self)
        return found


def record_vitals(
    encounter: Encounter,
    *,
    by: Any,
    id: uuid.UUID,
    effective: dt.datetime | None = None,
    confirmed: bool = False,
    **values: str,
) -> list[Observation]:
    """Store what was taken; `values` are texts named as in NAMES, and `<name>_unit` (UCUM).

    `id` is the form's key: each row's is derived from it, so that sending twice stores once.
    `confirmed` answers the questions (code "confirm") that a surprising value raises. Raises
    PermissionDenied, ValidationError keyed by field, Repeated (sent before with other content).
    """
    require(by, "records.add_observation")
    typed, consciousness = read_values(values)
    if "target" in typed:
        # Scale 2 counts only where a clinician set the target: an order, not a measurement.
        require(by, "records.prescribe")
    before = _made_before(encounter, by, id)
    if before:
        return _same_as(before, typed, consciousness, id)
    when = effective or clock.now()
    if not confirmed and (asked := questions_about(encounter.patient, typed, when)):
        raise ValidationError(
            {name: ValidationError(text, code="confirm") for name, text in asked.items()}
        )
    with transaction.atomic():
        fresh = open_for_records(encounter)
        # Under the visit's lock: the same form, sent twice at once, has been here by now.
        before = _made_before(encounter, by, id)
        if before:
            return _same_as(before, typed, consciousness, id)
        made = []
        for name, row, parts in rows_of(typed, consciousness):
            fill(row, fresh, by=by, id=uuid.uuid5(id, name), effective=when)
            insert(row, by=by)
            for part in parts:
                part.id = uuid.uuid5(id, f"{name}-{part.code_code}")
                part.observation = row
                save_by(part, by=by)
            made.append(row)
    return made


def read_values(values: Mapping[str, str]) -> tuple[dict[str, Typed], str]:
    """({name: Typed}, consciousness letter or ""); raises ValidationError keyed by field."""
    texts = {name: as_digits(values.get(name) or "") for name in NAMES}
    errors = _pressure_errors(texts["systolic"], texts["diastolic"])
    typed: dict[str, Typed] = {}
    for name in (*PRESSURES, *SIGNS):
        digits = texts[name]
        if name == "oxygen" and digits.lower() in ("air", _("air")):
            digits = ON_AIR
        if not digits:
            continue
        unit = "mm[Hg]" if name in PRESSURES else VITALS[name].units[0]
        typed[name] = Typed(name, digits, values.get(f"{name}_unit") or unit)
        if name in SIGNS and (why := refusal(name, digits, typed[name].unit)):
            errors[name] = why
    letter = texts["consciousness"].upper()
    if letter and (why := refusal("consciousness", letter)):
        errors["consciousness"] = why
    errors |= _read_pregnancy(texts["pregnancy"], texts["due"], typed)
    if target := (values.get("target") or ""):
        if target not in TARGETS:
            errors["target"] = _("A target is 88-92 % or 94-98 %.")
        typed["target"] = Typed("target", target, "")
    if errors:
        raise ValidationError(errors)
    if not typed and not letter:
        raise ValidationError(_("Enter at least one value."))
    return typed, letter


def _read_pregnancy(status: str, due: str, typed: dict[str, Typed]) -> dict[str, str]:
    """Add what is said of a pregnancy (yes, no; a due date as ISO 8601); errors by field."""
    if status and status not in PREGNANCY:
        return {"pregnancy": _("Pregnant: yes, no, or nothing.")}
    if status:
        typed["pregnancy"] = Typed("pregnancy", status, "")
    if not due:
        return {}
    day, today = parse_date_or_none(due), clock.today()
    if status == "no":
        return {"due": _("A due date belongs to a pregnancy.")}
    if day is None or not today - PREGNANCY_AFTER_DUE <= day <= today + PREGNANCY_LASTS:
        return {"due": _("The due date lies from six weeks ago to 300 days ahead.")}
    typed["due"] = Typed("due", due, "")
    return {}


def parse_date_or_none(text: str) -> dt.date | None:
    """A day as ISO 8601; None for anything else."""
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        return None


def _pressure_errors(upper: str, lower: str) -> dict[str, str]:
    """A systolic pressure alone is taken (felt at the wrist), a diastolic alone is not."""
    if not upper and not lower:
        return {}
    if not upper:
        return {"systolic": _("The systolic pressure is missing.")}
    why = bp_refusal(upper, lower or "0")
    return {"systolic": why} if why else {}


def questions_about(
    patient: Patient, typed: Mapping[str, Typed], when: dt.datetime
) -> dict[str, str]:
    """What is asked once about values that surprise, by sign; at most one query."""
    now = {name: value.standard for name, value in typed.items() if name in SIGNS}
    last = _last_sizes(patient, when) if now.keys() & {"weight", "height"} else {}
    return questions(now, last, patient.age_at(when))


def _last_sizes(patient: Patient, when: dt.datetime) -> dict[str, Decimal]:
    """The last weight in kg and height in cm before `when`; one query of a few rows."""
    codes = [code for key in ("weight", "height") for code in VITALS[key].codes]
    found: dict[str, Decimal] = {}
    rows = (
        Observation.objects.of_patient(patient)
        .listed()
        .with_codes(codes)
        .filter(effective__lte=when)
        .newest_first()
        .values_list("code_code", "value", "value_unit_code")[:20]
    )
    for code, value, unit in rows:
        key = BY_CODE[code].key
        number = in_band_unit(key, value, unit)
        if number is not None:
            found.setdefault(key, number)
    return found


def rows_of(
    typed: Mapping[str, Typed], consciousness: str
) -> list[tuple[str, Observation, list[ObservationComponent]]]:
    """(name, observation, components) of everything typed, not saved yet."""
    made: list[tuple[str, Observation, list[ObservationComponent]]] = []
    halves = [typed[name] for name in PRESSURES if name in typed]
    if halves:
        parts = [
            ObservationComponent(
                position=place,
                code_system=LOINC,
                code_code=PRESSURES[half.name],
                code_display=PART_NAMES[PRESSURES[half.name]],
                **_quantity(half),
            )
            for place, half in enumerate(halves)
        ]
        made.append(("bp", _vital("bp"), parts))
    for name, value in typed.items():
        if name in SIGNS:
            made.append((name, _vital(name, **_quantity(value)), []))
    if "pregnancy" in typed:
        code, words = PREGNANCY[typed["pregnancy"].digits]
        row = _noted(PREGNANCY_STATUS, value_coded_code=code, value_coded_display=words)
        made.append(("pregnancy", row, []))
    if "due" in typed:
        made.append(("due", _noted(PREGNANCY_DUE, value_text=typed["due"].digits), []))
    if "target" in typed:
        row = Observation(
            status=Status.FINAL,
            category=Category.THERAPY,
            code_system=OWN_CODES,
            code_code=SPO2_TARGET,
            code_display="SpO2 target",
            value_text=typed["target"].digits,
        )
        made.append(("target", row, []))
    if consciousness:
        words = str(CONSCIOUSNESS[consciousness])
        row = _vital("consciousness", value_coded_code=consciousness, value_coded_display=words)
        made.append(("consciousness", row, []))
    return made


def _vital(key: str, **fields: Any) -> Observation:
    return Observation(
        status=Status.FINAL,
        category=Category.VITAL_SIGNS,
        code_system=LOINC,
        code_code=VITALS[key].codes[0],
        code_display=VITAL_NAMES[key],
        **fields,
    )


def _noted(code: str, **fields: Any) -> Observation:
    """What is said of a pregnancy is no vital sign, and decides which bands these have."""
    return Observation(
        status=Status.FINAL,
        category=Category.SOCIAL_HISTORY,
        code_system=LOINC,
        code_code=code,
        code_display=PREGNANCY_NAMES[code],
        **fields,
    )


def _quantity(typed: Typed) -> dict[str, Any]:
    return {
        "value": typed.digits,
        "value_number": float(typed.digits),
        "value_unit": shown_unit(typed.unit),
        "value_unit_code": typed.unit,
    }


def _made_before(encounter: Encounter, by: Any, id: uuid.UUID) -> list[Observation]:
    """What an earlier sending of the same form made; 404 for somebody else's key."""
    keys = [uuid.uuid5(id, name) for name in _ROWS]
    found = list(Observation.objects.filter(pk__in=keys).prefetch_related("components"))
    for row in found:
        if row.encounter_id != encounter.pk or row.entered_by_id != by.pk:
            raise Http404
    return found


def _same_as(
    before: list[Observation], typed: Mapping[str, Typed], consciousness: str, id: uuid.UUID
) -> list[Observation]:
    """`before`, if it says the same; raises Repeated."""
    stored = {row.pk: row for row in before}
    wanted = {
        uuid.uuid5(id, name): (row, parts) for name, row, parts in rows_of(typed, consciousness)
    }
    if stored.keys() != wanted.keys():
        raise Repeated(before[0])
    for key, (row, parts) in wanted.items():
        old = stored[key]
        same = _content(old) == _content(row) and [
            _content(part) for part in old.components.all()
        ] == [_content(part) for part in parts]
        if not same:
            raise Repeated(old)
    return before


def _content(row: Observation | ObservationComponent) -> tuple[str, ...]:
    return row.code_code, row.value, row.value_unit_code, row.value_coded_code, row.value_text
