"""What the latest vitals of each visit say on its card: values past their band, and NEWS2.

Two queries read the newest value of each sign of each visit, however many there are.
"""

import uuid
from collections.abc import Mapping

from django.db.models import F, Q, QuerySet, Window
from django.db.models.functions import Rank
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from clinik import clock
from records.board_cards import Flag, Row
from records.models import Observation
from records.models.observation import Status
from records.news2 import News2
from records.observations import CRITICAL
from records.obstacles import not_acknowledged
from records.readings import Person, Reading, paired, person_on, read, score
from records.taking import one_taking, overdue_since
from records.vitals import NOTED, VITALS

SHOWN_SIGNS = ("spo2", "respiration", "bp", "pulse", "temperature", "consciousness")
SCORED_CODES = tuple(code for key in (*SHOWN_SIGNS, "oxygen") for code in VITALS[key].codes)
SCORE_LEVELS = {
    "high": "critical-score",
    "medium": "warning-score",
    "low-medium": "warning-score",
}


def critical_unseen() -> QuerySet[Observation]:
    """Critical results entered here that nobody has acknowledged; imports are never asked for."""
    return Observation.objects.listed().filter(source="", seen_at=None, interpretation__in=CRITICAL)


def vitals_of(
    visits: list[uuid.UUID], rows: Mapping[uuid.UUID, Row]
) -> dict[uuid.UUID, tuple[tuple[Flag, ...], bool]]:
    """Per visit: flags, most pressing first; whether one is critical and not acknowledged."""
    if not visits:
        return {}
    people = {rows[visit].patient_id for visit in visits}
    signs: dict[uuid.UUID, list[Observation]] = {}
    noted: dict[uuid.UUID, list[Observation]] = {}
    for record in newest_signs(visits, people):
        if record.code_code in NOTED:
            noted.setdefault(record.patient_id, []).append(record)
        elif record.encounter_id is not None:
            signs.setdefault(record.encounter_id, []).append(record)
    today = clock.today()
    found = {}
    for visit, apart in signs.items():
        row, records = rows[visit], paired(apart)
        person = person_on(today, row.age, noted.get(row.patient_id, ()))
        readings = [made for record in records if (made := read(record, person))]
        flags = _flags(readings, person, row)
        here = [record for record in records if not record.source]
        unseen = not_acknowledged((record, read(record, person)) for record in here)
        if unseen and not any(flag.level == "critical" for flag in flags):
            # A critical sign of an earlier taking presses on until somebody says so.
            flags = (Flag(_("critical vital sign not seen"), "critical"), *flags)
        found[visit] = flags, bool(unseen)
    return found


def newest_signs(visits: list[uuid.UUID], people: set[uuid.UUID]) -> QuerySet[Observation]:
    """The newest of each sign of each visit, and what was noted of a pregnancy; newest first."""
    rank = Window(
        Rank(),
        partition_by=[F("patient_id"), F("encounter_id"), F("code_code")],
        order_by=[F("effective").desc(nulls_last=True), F("id").desc()],
    )
    return (
        Observation.objects.listed()
        .filter(
            Q(encounter__in=visits, code_code__in=SCORED_CODES)
            | Q(patient__in=people, code_code__in=NOTED)
        )
        .exclude(status=Status.CANCELLED)
        .annotate(place=rank)
        .filter(place=1)
        .order_by(F("effective").desc(nulls_last=True), "-id")
        .prefetch_related("components")
    )


def _flags(readings: list[Reading], person: Person, row: Row) -> tuple[Flag, ...]:
    """`readings` newest first: of two codes for one sign the newer counts."""
    taken = one_taking(readings)
    critical: list[Flag] = []
    raised: list[Flag] = []
    for key in SHOWN_SIGNS:
        reading = taken.get(key)
        if reading is None or reading.flag is None:
            continue
        if reading.flag.critical:
            critical.append(Flag(_words(reading), "critical"))
        else:
            raised.append(Flag(f"{_words(reading)} {reading.flag.code}", "warning"))
    total = score(taken.values(), person)
    # "At least 0" would be a line that says nothing.
    scored = [_score_flag(total)] if total and (total.complete or total.total) else []
    due = overdue_since(readings, person, class_code=row.class_code, status=row.status)
    if due:
        since = localtime(due)
        style = "TIME_FORMAT" if since.date() == clock.today() else "SHORT_DATETIME_FORMAT"
        words = _("vitals overdue since %(time)s") % {"time": date_format(since, style)}
        scored.append(Flag(words, "warning"))
    return (*critical, *scored, *raised)


def _words(reading: Reading) -> str:
    """ "SpO2 90 %", "BP 182/96", "not alert"."""
    if reading.key == "bp":
        return _("BP %(value)s") % {"value": reading.text}
    if reading.key == "consciousness":
        return _("not alert")
    return f"{VITALS[reading.key].label} {reading.text} {reading.unit}".rstrip()


def _score_flag(total: News2) -> Flag:
    """ "NEWS2 8 emergency": never the number alone, and never "low" of what is incomplete."""
    level = SCORE_LEVELS.get(total.band, "")
    if total.complete:
        text = _("NEWS2 %(total)s") % {"total": total.total}
        return Flag(text, level, total.words or _("low"))
    text = _("NEWS2 at least %(total)s") % {"total": total.total}
    return Flag(text, level, total.words or _("incomplete"))
