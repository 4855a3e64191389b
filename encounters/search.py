"""A page of found visits, read without building model objects for each row."""

import datetime as dt
import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.utils import formats, timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from clinik import keyset
from clinik.ages import age_at
from clinik.mrn import format_mrn
from encounters.models import Diagnosis
from encounters.models.diagnosis import DiagnosisQuerySet
from encounters.models.encounter import DATE_UNKNOWN, EncounterClass, Status
from encounters.models.patient import display_name, sex_letter

# What a row shows: one query, no objects.
COLUMNS = (
    "id",
    "date",
    "status",
    "class_code",
    "class_display",
    "type_text",
    "type_display",
    "reason_text",
    "location",
    "length_minutes",
    "start_precision",
    "patient_id",
    "patient__family",
    "patient__given",
    "patient__known_as",
    "patient__gender",
    "patient__mrn",
    "patient__birth_date",
    "patient__birth_date_precision",
    "patient__birth_date_estimated",
    "practitioner__prefix",
    "practitioner__given",
    "practitioner__family",
)
COUNTED_TO = 500


@dataclass(frozen=True)
class RowDiagnosis:
    """A diagnosis in a list; `use` is "DD 1" where it has one."""

    code: str
    name: str
    use: str


@dataclass(frozen=True)
class VisitRow:
    """One visit as a list shows it; every text is ready to be read."""

    id: uuid.UUID
    date: dt.datetime
    when: str
    patient_id: uuid.UUID
    patient: str
    who: str
    title: str
    where: str
    practitioner: str
    length: str
    status: str
    status_words: str
    diagnoses: tuple[RowDiagnosis, ...] = field(default=())


def rows(
    found: Iterable[dict[str, Any]], diagnoses: dict[uuid.UUID, list[RowDiagnosis]]
) -> list[VisitRow]:
    """Shape `.values(*COLUMNS)` rows."""
    return [_row(values, diagnoses.get(values["id"], [])) for values in found]


def _row(values: dict[str, Any], diagnoses: list[RowDiagnosis]) -> VisitRow:
    classes = dict(EncounterClass.choices)
    title = values["type_text"] or values["type_display"] or values["reason_text"]
    class_words = str(classes.get(values["class_code"], values["class_display"]))
    where = [values["class_code"] or class_words, values["location"]]
    prefix, given, family = (values[f"practitioner__{x}"] for x in ("prefix", "given", "family"))
    return VisitRow(
        id=values["id"],
        date=values["date"],
        when=when_words(values["date"], values["start_precision"]),
        patient_id=values["patient_id"],
        patient=_name(values),
        who=_who(values),
        title=title or class_words or _("Visit"),
        where=" · ".join(part for part in where if part),
        practitioner=" ".join(part for part in (prefix or given, family) if part),
        length=length_words(values["length_minutes"]),
        status=values["status"],
        status_words=str(Status(values["status"]).label),
        diagnoses=tuple(diagnoses),
    )


def _name(values: dict[str, Any]) -> str:
    return display_name(*(values[f"patient__{part}"] for part in ("family", "given", "known_as")))


def _who(values: dict[str, Any]) -> str:
    """Sex, age at the visit, clinic number."""
    age = None
    if values["date"] != DATE_UNKNOWN:
        age = age_at(
            values["patient__birth_date"],
            values["patient__birth_date_precision"],
            timezone.localdate(values["date"]),
            estimated=values["patient__birth_date_estimated"],
        )
    first = f"{sex_letter(values['patient__gender'])} {age.words if age else ''}".strip()
    return f"{first} · {format_mrn(values['patient__mrn'])}"


def when_words(moment: dt.datetime, precision: str = "instant") -> str:
    """The visit's date as exactly as it is known."""
    if moment == DATE_UNKNOWN:
        return _("date unknown")
    style = {"instant": "DATETIME_FORMAT", "day": "DATE_FORMAT", "month": "YEAR_MONTH_FORMAT"}
    return formats.date_format(timezone.localtime(moment), style.get(precision, "Y"))


def length_words(minutes: int | None) -> str:
    """45 min; 3 h 5 min; 2 d 4 h."""
    if minutes is None:
        return ""
    if minutes < 120:
        return _("%(n)s min") % {"n": minutes}
    hours, rest = divmod(minutes, 60)
    if hours < 48:
        words = _("%(n)s h") % {"n": hours}
        return f"{words} {_('%(n)s min') % {'n': rest}}" if rest else words
    days, hours = divmod(hours, 24)
    words = _("%(n)s d") % {"n": days}
    return f"{words} {_('%(n)s h') % {'n': hours}}" if hours else words


def diagnoses_of(encounters: list[uuid.UUID], user: Any) -> dict[uuid.UUID, list[RowDiagnosis]]:
    """What a row shows of each visit's diagnoses, ranked; one query for the page."""
    shown: dict[uuid.UUID, list[RowDiagnosis]] = {}
    if not encounters:
        return shown
    found: DiagnosisQuerySet = Diagnosis.objects.visible_to(user).listed()
    columns = ("condition_code", "condition_text", "condition_display", "use", "rank")
    for encounter, code, text, display, use, rank in (
        found.filter(encounter__in=encounters).ranked().values_list("encounter_id", *columns)
    ):
        place = f"{use} {rank or ''}".strip() if use else ""
        shown.setdefault(encounter, []).append(RowDiagnosis(code, text or display, place))
    return shown


def read_page(
    found: Any, *, user: Any, size: int, cursor: keyset.Cursor | None, newest: bool
) -> keyset.Page[VisitRow]:
    """One page of a search: the visits in one query, their diagnoses in another."""
    page = keyset.page(
        found.values(*COLUMNS),
        size=size,
        cursor=cursor,
        moment="date",
        place=lambda row: (row["date"], row["id"]),
        descending=newest,
        last=DATE_UNKNOWN,
    )
    diagnoses = diagnoses_of([row["id"] for row in page.rows], user)
    return keyset.Page(rows(page.rows, diagnoses), page.previous, page.next)


def count_found(found: Any) -> int:
    """How many there are, up to one more than COUNTED_TO."""
    return found.order_by()[: COUNTED_TO + 1].count()


def count_words(found: Any) -> str:
    """ "312 found", or "500+ found": never a count over the whole table."""
    number = count_found(found)
    if number > COUNTED_TO:
        return _("%(n)s+ found") % {"n": COUNTED_TO}
    return ngettext("%(n)s found", "%(n)s found", number) % {"n": number}
