"""A pregnancy in the banner: what was noted of it last, until six weeks past the due date."""

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Any

from django.db.models import Subquery, Value
from django.db.models.functions import Coalesce, NullIf
from django.utils.dateparse import parse_date
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from clinik import clock
from encounters.banner import Addition, columns
from encounters.models import Patient
from records.models import Observation
from records.models.observation import Status
from records.readings import pregnant_at
from records.vitals import PREGNANCY_DUE, PREGNANCY_STATUS

# The newest of both codes: a status and a due date noted together, and those before them.
_NEWEST = 6


def for_banner(sender: Any, *, patient: Patient, user: Any, **kwargs: Any) -> Addition | None:
    """Rows for the banner's one query, for who sees the chart (LOINC 82810-3 and 11778-8)."""
    if not user.has_perm("encounters.view_chart"):
        return None
    noted = (
        Observation.objects.of_patient(patient)
        .listed()
        .with_codes([PREGNANCY_STATUS, PREGNANCY_DUE])
        .exclude(status=Status.CANCELLED)
        .filter(effective__isnull=False)
    )
    empty = Value("")
    said = Coalesce(
        *(NullIf(f"value{part}", empty) for part in ("_text", "_coded_text", "_coded_display")),
        empty,
    )
    newest = noted.newest_first().values("pk")[:_NEWEST]
    rows = (
        Observation.objects.filter(pk__in=Subquery(newest))
        .annotate(said=said)
        .annotate(**columns("pregnancy", "said", "code_code", "value_coded_code", "effective"))
    )
    return Addition("pregnancy", rows, _words)


def _words(rows: Iterable[Sequence[str]]) -> list[str]:
    """ "pregnant, due 3 Mar 2027"; nothing where what was noted no longer holds."""
    noted = [
        Observation(
            value_text=said, code_code=code, value_coded_code=coded, effective=_moment(effective)
        )
        for said, code, coded, effective in rows
    ]
    noted.sort(key=lambda row: row.effective or clock.now(), reverse=True)
    if not pregnant_at(noted, clock.today()):
        return []
    dues = (parse_date(row.value_text[:10]) for row in noted if row.code_code == PREGNANCY_DUE)
    due = next((day for day in dues if day is not None and pregnant_at(noted, day)), None)
    if due is None:
        return [_("pregnant")]
    return [_("pregnant, due %(day)s") % {"day": date_format(due, "DATE_FORMAT")}]


def _moment(text: str) -> dt.datetime:
    """A time as either database writes it out; both keep UTC."""
    read = dt.datetime.fromisoformat(text)
    return read if read.tzinfo else read.replace(tzinfo=dt.UTC)
