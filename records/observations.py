"""The verbs of an observation: add, and acknowledge a critical one."""

import datetime as dt
import math
import uuid
from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from clinik import audit, clock
from clinik.codes import LOINC
from clinik.models import Code
from clinik.names import normalise_name
from clinik.transitions import lock
from encounters.models import Encounter, Practitioner
from records.models import Observation
from records.models.observation import Category, Status
from records.recording import cut, fill, insert, open_for_records, require, save_by

# Units as people and devices write them -> (UCUM code, as shown here).
UNIT_SYNONYMS: Mapping[str, tuple[str, str]] = {
    "/min": ("/min", "/min"),
    "beats/minute": ("/min", "/min"),
    "beats/min": ("/min", "/min"),
    "beats per minute": ("/min", "/min"),
    "bpm": ("/min", "/min"),
    "breaths/minute": ("/min", "/min"),
    "breaths/min": ("/min", "/min"),
    "per minute": ("/min", "/min"),
    "mmhg": ("mm[Hg]", "mmHg"),
    "mm hg": ("mm[Hg]", "mmHg"),
    "mm[hg]": ("mm[Hg]", "mmHg"),
    "°c": ("Cel", "°C"),
    "c": ("Cel", "°C"),
    "cel": ("Cel", "°C"),
    "celsius": ("Cel", "°C"),
    "°f": ("[degF]", "°F"),
    "f": ("[degF]", "°F"),
    "[degf]": ("[degF]", "°F"),
    "fahrenheit": ("[degF]", "°F"),
    "%": ("%", "%"),
    "percent": ("%", "%"),
    "kg": ("kg", "kg"),
    "lb": ("[lb_av]", "lb"),
    "lbs": ("[lb_av]", "lb"),
    "[lb_av]": ("[lb_av]", "lb"),
    "cm": ("cm", "cm"),
    "in": ("[in_i]", "in"),
    "inches": ("[in_i]", "in"),
    "[in_i]": ("[in_i]", "in"),
    "l/min": ("L/min", "L/min"),
    "litres/min": ("L/min", "L/min"),
    "liters/min": ("L/min", "L/min"),
    "kg/m2": ("kg/m2", "kg/m²"),
    "kg/m²": ("kg/m2", "kg/m²"),
    "{score}": ("{score}", "/10"),
}

# Status.choices a person may give a new observation.
OFFERED_STATUSES = (
    Status.FINAL,
    Status.PRELIMINARY,
    Status.REGISTERED,
    Status.AMENDED,
    Status.CORRECTED,
)

# HL7 v3-ObservationInterpretation, the ones offered; what makes a result critical.
INTERPRETATIONS = ("N", "L", "H", "LL", "HH", "A", "AA")
CRITICAL = frozenset({"LL", "HH", "AA"})


def read_unit(text: str, *, known: tuple[str, ...] = ()) -> tuple[str, str]:
    """(UCUM code, unit as shown) of a unit as typed: 'beats/minute' is read as /min.

    `known` are the UCUM codes the code table names for what is observed; a unit nobody knows is
    kept as typed, without a code.
    """
    typed = text.strip()
    for code in known:
        if typed.lower() == code.lower():
            return code, typed if typed != code else shown_unit(code)
    return UNIT_SYNONYMS.get(typed.lower(), ("", typed))


def shown_unit(code: str) -> str:
    """How a UCUM code is shown to people: mm[Hg] as mmHg."""
    return UNIT_SYNONYMS.get(code.lower(), (code, code))[1]


def as_number(text: str) -> float | None:
    """The float of digits as typed ("1.10", also "1,10"); None for words."""
    try:
        number = float(text.strip().replace(",", "."))
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def as_digits(text: str) -> str:
    """The digits to keep: as typed, with a point where a comma was typed (FHIR decimal)."""
    return text.strip().replace(",", ".").removeprefix("+")


def interpret(value: str, low: str, high: str) -> str:
    """L, N or H of a number by its reference range, whose ends are normal; empty without both.

    LL and HH are a judgement or the laboratory's: a range does not say where danger begins.
    """
    number, least, most = (as_number(text) for text in (value, low, high))
    if number is None or (least is None and most is None):
        return ""
    if least is not None and number < least:
        return "L"
    return "H" if most is not None and number > most else "N"


def look_up(what: str) -> Code | None:
    """The offered LOINC entry that `what` names: by its code, or by its whole name."""
    wanted = what.strip()
    # The list under the field offers "8867-4 Heart rate".
    first = wanted.split(" ", 1)[0]
    offered = Code.objects.filter(system=LOINC, active=True)
    found = offered.filter(code=first).first()
    if found is not None:
        rest = wanted[len(first) :].strip()
        return found if not rest or rest.lower() == found.display.lower() else None
    return offered.filter(
        Q(display__iexact=wanted) | Q(search=normalise_name(wanted), search__gt="")
    ).first()


def add_observation(
    encounter: Encounter,
    *,
    by: Any,
    what: str,
    value: str,
    id: uuid.UUID | None = None,
    unit: str = "",
    code: str = "",
    code_system: str = "",
    category: str = "",
    status: str = Status.FINAL,
    effective: dt.datetime | None = None,
    interpretation: str = "",
    range_low: str = "",
    range_high: str = "",
    range_text: str = "",
    note: str = "",
    author: Practitioner | None = None,
) -> Observation:
    """Record one observation: `what` is a code, a name of the code table or free text.

    A value of digits is a quantity, kept as typed; anything else is kept as text. Raises
    PermissionDenied and ValidationError keyed by field.
    """
    require(by, "records.add_observation")
    row = Observation(status=status, category=category, interpretation=interpretation)
    known = _name_it(row, what, code, code_system)
    _value_it(row, value, unit, known)
    row.category = row.category or (known.kind if known and known.kind in Category.values else "")
    row.range_low, row.range_high = range_low.strip(), range_high.strip()
    row.range_text = cut("range_text", range_text, 500)
    if not row.interpretation and not row.value_comparator:
        row.interpretation = interpret(row.value, row.range_low, row.range_high)
    row.note = note.strip()
    _check_choices(row)
    with transaction.atomic():
        fresh = open_for_records(encounter)
        fill(row, fresh, by=by, id=id, author=author, effective=effective)
        return insert(row, by=by)


def _name_it(row: Observation, what: str, code: str, system: str) -> Code | None:
    if not what.strip() and not code:
        raise ValidationError({"what": _("Say what was observed.")})
    known = look_up(code or what)
    if known is not None:
        row.code_system, row.code_code = known.system, known.code
        row.code_display = known.display
        row.code_text = "" if what.strip() in ("", known.code) else known.display
        return known
    row.code_text = cut("what", what, 500)
    if code:
        row.code_system, row.code_code = system or LOINC, code
    return None


def _value_it(row: Observation, value: str, unit: str, known: Code | None) -> None:
    text = value.strip()
    if not text:
        raise ValidationError({"value": _("Enter the value.")})
    comparator = next((sign for sign in ("<=", ">=", "<", ">") if text.startswith(sign)), "")
    number = as_number(text.removeprefix(comparator))
    if number is None:
        row.value_text = text
        return
    row.value_comparator = comparator
    row.value = as_digits(text.removeprefix(comparator))
    row.value_number = number
    units = tuple(known.units) if known else ()
    if not unit.strip() and units:
        raise ValidationError(
            {
                "unit": _("Choose the unit: %(units)s.")
                % {"units": ", ".join(shown_unit(each) for each in units)}
            }
        )
    row.value_unit_code, row.value_unit = read_unit(unit, known=units)


def _check_choices(row: Observation) -> None:
    if row.status not in OFFERED_STATUSES:
        raise ValidationError({"status": _("A new observation cannot have this status.")})
    if row.category and row.category not in Category.values:
        raise ValidationError({"category": _("This category is not known.")})
    check_interpretation(row.interpretation)


def check_interpretation(code: str) -> None:
    """Raises ValidationError for one that is not offered; empty is none."""
    if code and code not in INTERPRETATIONS:
        raise ValidationError({"interpretation": _("This interpretation is not known.")})


def acknowledge(
    observation: Observation, *, by: Any, action: str, version: int | None = None
) -> Observation:
    """Say that a result was seen and what was done; the first one to say so stands.

    Raises PermissionDenied, ValidationError (action missing) and StaleVersion.
    """
    require(by, "records.change_observation")
    done = cut("action", action, 500)
    if not done:
        raise ValidationError({"action": _("Say what was done about it.")})
    with transaction.atomic():
        row = lock(observation, version=version)
        if row.seen_at is not None:
            return row
        row.seen_by, row.seen_at, row.seen_action = by, clock.now(), done
        save_by(row, by=by)
        audit.record("observation.acknowledge", row, by=by, fields=["seen_by", "seen_at"])
    return row
