"""Whose last contact is long ago: a report for those who decide what happens to old charts.

Nothing is deleted by it, or by anything else here.
"""

import datetime as dt
from collections.abc import Iterator
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext as _

from clinik import clock
from encounters.found import FoundPatient, found_patients
from encounters.models import Encounter, Patient
from encounters.models.encounter import Status

YEARS = 10
MOST_YEARS = 130
# Rows of a page, and of what is read at once for a file.
PAGE = 50
CHUNK = 500


def without_contact(years: int) -> QuerySet[Patient]:
    """Patients without a visit in the last `years` years, in order of their keys.

    Planned visits count, cancelled ones and those in error do not; visits of entries that were
    merged count for the survivor. Who was registered here since is left out; when an import
    registered somebody says nothing.
    """
    since = cutoff(years)
    seen = (
        Encounter.objects.order_by()
        .filter(date__gte=since)
        .exclude(status__in=[Status.CANCELLED, Status.ENTERED_IN_ERROR])
        .values(person=Coalesce("patient__merged_into", "patient"))
    )
    known = Q(created__lt=since) | ~Q(source="")
    return Patient.objects.listed().filter(known).exclude(pk__in=seen).order_by("pk")


def cutoff(years: int) -> dt.datetime:
    """The beginning of the day `years` years ago, in the clinic's zone."""
    today = clock.today()
    years = min(max(years, 1), min(MOST_YEARS, today.year - 1))
    day = dt.date(today.year - years, today.month, min(today.day, 28))
    return clock.day_bounds(day)[0]


def page_of(years: int, *, user: Any, after: UUID | None) -> tuple[list[FoundPatient], UUID | None]:
    """A page of them, and the key after which they go on."""
    found = without_contact(years).filter(pk__in=Patient.objects.named_to(user).values("pk"))
    if after is not None:
        found = found.filter(pk__gt=after)
    rows = list(found[: PAGE + 1])
    return found_patients(rows[:PAGE]), rows[PAGE - 1].pk if len(rows) > PAGE else None


def header() -> list[str]:
    return [
        _("Clinic number"), _("Name"), _("Born"), _("Last visit"), _("Deceased"), _("Registered"),
        _("Patient id"),
    ]  # fmt: skip


def rows_of(years: int) -> Iterator[list[Any]]:
    """All of them as cells, read in chunks."""
    after: UUID | None = None
    while True:
        found = without_contact(years)
        if after is not None:
            found = found.filter(pk__gt=after)
        rows = list(found[:CHUNK])
        for row, shown in zip(rows, found_patients(rows), strict=True):
            registered = timezone.localdate(row.created).isoformat()
            yield [
                row.number, row.name, shown.born, shown.last_visit,
                _("yes") if row.deceased else "", registered, str(row.pk),
            ]  # fmt: skip
        if len(rows) < CHUNK:
            return
        after = rows[-1].pk
