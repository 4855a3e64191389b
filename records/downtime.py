"""The downtime list: what the board prints, to work on paper when the machines stand still."""

import uuid
from collections.abc import Collection
from dataclasses import dataclass

from django.db.models import Q
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from clinik import clock
from clinik.mrn import format_mrn
from encounters.models import Allergy, NoKnownAllergies
from encounters.models.encounter import Status
from records.board_cards import Row


@dataclass(frozen=True)
class DowntimeRow:
    time: str
    status: str
    name: str
    sex_and_age: str
    number: str
    born: str
    allergies: str
    practitioner: str
    room: str


def downtime_rows(rows: Collection[Row], *, allergies: bool) -> tuple[DowntimeRow, ...]:
    """Everybody on the board who is not finished, by time; `allergies` is what may be read."""
    ordered = sorted(
        (row for row in rows if row.status != Status.FINISHED),
        key=lambda row: (row.planned_start or row.start or clock.now(), str(row.pk)),
    )
    people = {row.person for row in ordered if not row.closed}
    known = _allergies(people) if allergies and people else {}
    labels = {str(value): str(label) for value, label in Status.choices}
    return tuple(
        DowntimeRow(
            time=_time(row),
            status=labels[row.status],
            name=row.name,
            sex_and_age=row.sex_and_age,
            number=format_mrn(row.patient__mrn),
            born=_born(row),
            allergies=_("restricted") if row.closed else known.get(row.person, _("not asked yet")),
            practitioner=row.practitioner,
            room=row.location,
        )
        for row in ordered
    )


def _time(row: Row) -> str:
    moment = row.planned_start or row.start
    return date_format(localtime(moment), "TIME_FORMAT") if moment else ""


def _born(row: Row) -> str:
    """As exactly as it is known."""
    if row.patient__birth_date is None:
        return _("unknown")
    if row.patient__birth_date_estimated:
        return _("about %(year)s") % {"year": row.patient__birth_date.year}
    formats = {"year": "Y", "month": "YEAR_MONTH_FORMAT"}
    return date_format(
        row.patient__birth_date, formats.get(row.patient__birth_date_precision, "DATE_FORMAT")
    )


def _allergies(people: set[uuid.UUID]) -> dict[uuid.UUID, str]:
    """Two queries: the active allergies of all, and who said that they have none."""
    theirs = Q(patient__in=people) | Q(patient__merged_into__in=people)
    who = ("patient__merged_into", "patient")
    found: dict[uuid.UUID, list[str]] = {}
    rows = Allergy.objects.active().filter(theirs).order_by("created", "id")
    for merged, patient, text, display, reaction in rows.values_list(
        *who, "substance_text", "substance_display", "reaction"
    ):
        substance = text or display
        words = f"{substance} ({reaction})" if reaction else substance
        found.setdefault(merged or patient, []).append(words)
    none_known = NoKnownAllergies.objects.standing().filter(theirs).values_list(*who)
    words_of = {merged or patient: _("none known") for merged, patient in none_known}
    return words_of | {person: ", ".join(words) for person, words in found.items()}
