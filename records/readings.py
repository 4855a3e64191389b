"""Observations read as vital signs: the value in words, its flag, and the score of one taking.

Nothing here is stored: flags and scores are computed each time they are shown.
"""

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from operator import attrgetter
from typing import Any

from django.utils.dateparse import parse_date
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from clinik.ages import Age
from records.bands import Flag, bp_class, bp_flag, flag, pregnant_on
from records.models import Observation, ObservationComponent
from records.news2 import News2, NewsInput, news2
from records.observations import shown_unit
from records.vitals import (
    BY_CODE,
    CONSCIOUSNESS,
    DIASTOLIC,
    PREGNANCY_DUE,
    PREGNANCY_STATUS,
    SCALE_2_TARGET,
    SPO2_TARGET,
    SYSTOLIC,
    VITALS,
    in_band_unit,
    rounded,
)

# A blood pressure's two codes that have components.
PANELS = VITALS["bp"].codes[:2]
# One half of it, wherever it stands.
Half = Observation | ObservationComponent | None
# A pregnancy noted without a due date counts for so long.
PREGNANCY_LASTS = dt.timedelta(days=300)
_PREGNANT = ("LA15173-0", "77386006", "pregnant")


@dataclass(frozen=True)
class Person:
    """What bands need to know of the patient at the time of a reading."""

    age: Age | None
    pregnant: bool = False
    # A clinician set the target of 88 to 92 %: saturation counts by NEWS2's scale 2.
    scale2: bool = False


@dataclass(frozen=True)
class Reading:
    """One vital sign, observed once. `text` is for people; `number` in the sign's first unit."""

    record: Observation
    key: str
    text: str
    unit: str = ""
    number: Decimal | None = None
    flag: Flag | None = None
    words: str = ""
    # Of a blood pressure `number` is the upper half, this the lower one.
    second: Decimal | None = None

    @property
    def pk(self) -> Any:
        return self.record.pk


def read(
    record: Observation, person: Person, parts: Iterable[ObservationComponent] | None = None
) -> Reading | None:
    """The vital sign an observation is; None where it is none.

    Needs its components prefetched, or given as `parts` where nothing is stored yet.
    """
    vital = BY_CODE.get(record.code_code)
    if vital is None:
        return None
    if vital.key == "bp":
        return _pressure(record, person, record.components.all() if parts is None else parts)
    if vital.key == "consciousness":
        return _consciousness(record, person)
    number = in_unit(vital.key, record)
    if vital.key == "oxygen" and number == 0:
        return Reading(record, "oxygen", _("on air"), "", number)
    found = None
    if number is not None:
        found = flag(
            vital.key, number, age=person.age, pregnant=person.pregnant, scale2=person.scale2
        )
    unit = shown_unit(record.value_unit_code) if record.value_unit_code else record.value_unit
    return Reading(record, vital.key, record.value_words, unit, number, found)


def in_unit(key: str, value: Observation | ObservationComponent) -> Decimal | None:
    """The number in the sign's first unit; None with a comparator or a unit nobody knows."""
    if not value.value or value.value_comparator:
        return None
    return in_band_unit(key, value.value, value.value_unit_code or value.value_unit)


def _pressure(
    record: Observation, person: Person, parts: Iterable[ObservationComponent]
) -> Reading:
    upper, lower = _halves(record, parts)
    shown = [half.value_words or "–" if half else "–" for half in (upper, lower)]
    high, low = (in_unit("bp", half) if half else None for half in (upper, lower))
    found = bp_flag(high, low, age=person.age, pregnant=person.pregnant)
    named = bp_class(high, low, age=person.age, pregnant=person.pregnant)
    text = "/".join(shown) if upper or lower else record.value_words
    return Reading(record, "bp", text, "mmHg", high, found, named.words if named else "", low)


def by_itself(reading: Reading) -> Reading:
    """How a row is listed: half of a blood pressure that came apart is the number it is."""
    if reading.record.code_code not in (SYSTOLIC, DIASTOLIC):
        return reading
    return replace(reading, text=reading.record.value_words, words="")


def change_words(now: Reading | None, before: Reading | None) -> str:
    """How much a value differs from the one before: "−1.3 kg"; empty where it cannot be said.

    Of two numbers in one unit as given; else in the sign's first unit. Half of a blood pressure
    would say too little, so it has none.
    """
    if now is None or before is None or now.key in ("bp", "oxygen"):
        return ""
    if now.number is None or before.number is None:
        return ""
    if now.unit == before.unit:
        unit, change = now.unit, Decimal(now.text) - Decimal(before.text)
    else:
        unit = shown_unit(VITALS[now.key].units[0])
        change = rounded(now.number - before.number, tenths=True)
    if change == 0:
        return _("no change")
    sign = "+" if change > 0 else "−"
    return f"{sign}{abs(change)} {unit}"


def paired(records: Iterable[Observation]) -> list[Observation]:
    """The records in their order, a blood pressure that came as two observations being one of them.

    Some senders (and CSV files) know no components: the systolic one then stands for both, with the
    diastolic one of the same visit and time as its `lower_half`. What has no counterpart stays by
    itself. A panel without values steps back behind the halves it was sent with; its components
    need to be prefetched.
    """
    found = list(records)
    upper, lower = (_by_taking(found, code) for code in (SYSTOLIC, DIASTOLIC))
    joined: set[Any] = set()
    for taking in upper.keys() & lower.keys():
        # Several at one moment, as many of each: in the order in which they came.
        if len(upper[taking]) == len(lower[taking]):
            for one, other in zip(upper[taking], lower[taking], strict=True):
                one.lower_half = other
                joined.add(other.pk)
    halves = upper.keys() | lower.keys()
    return [
        record
        for record in found
        if record.pk not in joined and not (_taking(record) in halves and _is_empty_panel(record))
    ]


def _by_taking(records: Iterable[Observation], code: str) -> dict[Any, list[Observation]]:
    found: dict[Any, list[Observation]] = {}
    for record in records:
        if record.code_code == code and record.effective is not None:
            found.setdefault(_taking(record), []).append(record)
    for same in found.values():
        same.sort(key=attrgetter("pk"))
    return found


def _taking(record: Observation) -> Any:
    return record.patient_id, record.encounter_id, record.effective, record.effective_precision


def _is_empty_panel(record: Observation) -> bool:
    if record.code_code not in PANELS or record.value_words:
        return False
    return not record.components.all()


def _halves(record: Observation, parts: Iterable[ObservationComponent]) -> tuple[Half, Half]:
    if record.code_code == SYSTOLIC:
        return record, record.lower_half
    if record.code_code == DIASTOLIC:
        return None, record
    by_code = {part.code_code: part for part in parts}
    return by_code.get(SYSTOLIC), by_code.get(DIASTOLIC)


def _consciousness(record: Observation, person: Person) -> Reading:
    letter = record.value_coded_code.strip().upper()
    words = CONSCIOUSNESS.get(letter)
    text = f"{letter}: {words}" if words else record.value_words
    found = flag("consciousness", letter, age=person.age, pregnant=person.pregnant)
    return Reading(record, "consciousness", text, "", None, found)


def score(readings: Iterable[Reading], person: Person) -> News2 | None:
    """NEWS2 of the readings of one taking; None where there is none for this person."""
    by_key: Mapping[str, Reading] = {reading.key: reading for reading in readings}

    def number(key: str) -> Decimal | None:
        return by_key[key].number if key in by_key else None

    oxygen, alert = number("oxygen"), by_key.get("consciousness")
    taken = NewsInput(
        respiration=number("respiration"),
        spo2=number("spo2"),
        oxygen=None if oxygen is None else oxygen > 0,
        systolic=number("bp"),
        pulse=number("pulse"),
        consciousness=alert.record.value_coded_code if alert else "",
        temperature=number("temperature"),
    )
    return news2(taken, age=person.age, pregnant=person.pregnant, scale2=person.scale2)


def person_on(day: dt.date | None, age: Age | None, noted: Iterable[Observation]) -> Person:
    """Who is judged on this day of the clinic, by what was noted (newest first; vitals.NOTED)."""
    if day is None:
        return Person(age)
    noted = list(noted)
    return Person(age, pregnant_at(noted, day), scale2_at(noted, day))


def scale2_at(records: Iterable[Observation], day: dt.date) -> bool:
    """Whether the newest saturation target (newest first) set by this day asks for scale 2."""
    for record in records:
        when = record.effective
        if record.code_code == SPO2_TARGET and when and localtime(when).date() <= day:
            return record.value_text == SCALE_2_TARGET
    return False


def pregnant_at(records: Iterable[Observation], day: dt.date) -> bool:
    """Whether what was noted of a pregnancy (newest first) holds on this day of the clinic."""
    for record in records:
        if record.code_code == PREGNANCY_DUE:
            due = parse_date(record.value_text[:10]) if record.value_text else None
            if due is not None:
                return due - PREGNANCY_LASTS <= day and pregnant_on(due, day)
        if record.code_code == PREGNANCY_STATUS:
            said = (record.value_coded_code, record.value_words.strip().lower())
            recent = record.effective is not None and (
                day - record.effective.date() <= PREGNANCY_LASTS
            )
            return recent and any(word in _PREGNANT for word in said)
    return False
