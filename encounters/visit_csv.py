"""The visits that a search found, as a table for a spreadsheet: read in chunks, in its order."""

import datetime as dt
import uuid
from collections.abc import Iterable, Iterator
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from clinik import keyset
from clinik.fhir.times import FhirTime, format_datetime
from clinik.mrn import format_mrn
from encounters import search
from encounters.models.encounter import DATE_UNKNOWN, EncounterClass, Status
from encounters.models.patient import display_name

# Rows read at once; with their diagnoses two queries, whatever was found before.
CHUNK = 500
COLUMNS = (
    "id",
    "date",
    "status",
    "class_code",
    "class_display",
    "type_text",
    "type_display",
    "type_code",
    "reason_text",
    "reason_display",
    "reason_code",
    "location",
    "planned_start",
    "start",
    "start_precision",
    "end",
    "end_precision",
    "length_minutes",
    "patient__family",
    "patient__given",
    "patient__known_as",
    "patient__mrn",
    "patient__birth_date",
    "patient__birth_date_precision",
    "patient__birth_date_estimated",
    "practitioner__prefix",
    "practitioner__given",
    "practitioner__family",
)


def header(*, diagnoses: bool) -> list[str]:
    """The names of the columns; local times can be read, those marked ISO 8601 have the offset."""
    return [
        _("Clinic number"),
        _("Name"),
        _("Born"),
        _("Visit"),
        _("Class"),
        _("Status"),
        _("Planned for"),
        _("Start"),
        _("End"),
        _("Minutes"),
        _("Practitioner"),
        _("Location"),
        _("Reason"),
        *([_("Diagnosis codes"), _("Diagnoses")] if diagnoses else []),
        _("Start (ISO 8601)"),
        _("End (ISO 8601)"),
        _("Visit id"),
    ]


def rows(found: Any, *, user: Any, newest: bool) -> Iterator[list[Any]]:
    """One row a visit. `found` is a search's queryset, of any length: a chunk is in memory."""
    diagnoses = user.has_perm("encounters.view_diagnosis")
    for chunk in _chunks(found, newest):
        ranked = search.diagnoses_of([one["id"] for one in chunk], user) if diagnoses else None
        yield from (_row(one, ranked) for one in chunk)


def _chunks(found: Any, newest: bool) -> Iterator[list[dict[str, Any]]]:
    cursor: keyset.Cursor | None = None
    while True:
        page = keyset.page(
            found.values(*COLUMNS),
            size=CHUNK,
            cursor=cursor,
            moment="date",
            place=lambda row: (row["date"], row["id"]),
            descending=newest,
            last=DATE_UNKNOWN,
        )
        yield page.rows
        if page.next is None:
            return
        cursor = page.next


def _row(
    one: dict[str, Any], ranked: dict[uuid.UUID, list[search.RowDiagnosis]] | None
) -> list[Any]:
    class_words = dict(EncounterClass.choices).get(one["class_code"])
    practitioner = (one[f"practitioner__{part}"] for part in ("prefix", "given", "family"))
    start, end = one["start_precision"], one["end_precision"]
    return [
        format_mrn(one["patient__mrn"]),
        display_name(*(one[f"patient__{part}"] for part in ("family", "given", "known_as"))),
        _born(one),
        _first(one["type_text"], one["type_display"], one["type_code"]),
        _first(class_words, one["class_display"], one["class_code"]),
        Status(one["status"]).label,
        _local(one["planned_start"], "instant"),
        _local(one["start"], start),
        _local(one["end"], end),
        one["length_minutes"],
        " ".join(part for part in practitioner if part),
        one["location"],
        _first(one["reason_text"], one["reason_display"], one["reason_code"]),
        *(_diagnoses(ranked.get(one["id"], [])) if ranked is not None else ()),
        _iso(one["start"], start),
        _iso(one["end"], end),
        str(one["id"]),
    ]


def _first(*texts: Any) -> str:
    return next((str(text) for text in texts if text), "")


def _born(one: dict[str, Any]) -> str:
    """As exactly as it is known: 1962-03-11, 1962-03, 1962, "about 1962"."""
    day = one["patient__birth_date"]
    if day is None:
        return ""
    if one["patient__birth_date_estimated"]:
        return _("about %(year)s") % {"year": day.year}
    return day.isoformat()[: _KNOWN.get(one["patient__birth_date_precision"], 10)]


# How much of an ISO date is known.
_KNOWN = {"year": 4, "month": 7}


def _local(moment: dt.datetime | None, precision: str) -> str:
    """2026-03-12 09:15 on the clinic's clock: a text that a spreadsheet reads and sorts."""
    if moment is None:
        return ""
    text = timezone.localtime(moment).isoformat(" ", "minutes")[:16]
    return text if precision == "instant" else text[: _KNOWN.get(precision, 10)]


def _iso(moment: dt.datetime | None, precision: Any) -> str:
    if moment is None:
        return ""
    return format_datetime(FhirTime(moment, precision), timezone.get_default_timezone())


def _diagnoses(ranked: Iterable[search.RowDiagnosis]) -> tuple[str, str]:
    """Codes, and names with their use, in rank order."""
    listed = list(ranked)
    named = (f"{one.name} ({one.use})" if one.use else one.name for one in listed if one.name)
    return "; ".join(one.code for one in listed if one.code), "; ".join(named)
