"""To do: what waits for one person, of whatever day. Nothing leaves it by date.

A constant number of queries, whatever waits; each group is read up to SHOWN rows and one more.
"""

import datetime as dt
import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any

from django.db.models import Case, F, Q, QuerySet, Value, When
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from clinik.ages import Age
from encounters.models import Encounter, Patient, Practitioner
from encounters.models.closed import is_closed
from encounters.models.encounter import OPEN, Status
from records.board import from_earlier_days
from records.board_vitals import newest_signs
from records.models import Note, Observation, Prescription
from records.models.observation import Category
from records.models.observation import Status as ObservationStatus
from records.observations import CRITICAL
from records.obstacles import not_acknowledged
from records.readings import paired, person_on, read
from records.recording import practitioner_of
from records.vitals import BY_CODE, NOTED

SHOWN = 50
# Results of these kinds are looked at by somebody, whatever their value.
RESULTS = (Category.LABORATORY, Category.IMAGING, Category.PROCEDURE)


@dataclass(frozen=True)
class Item:
    """One thing to do: whose, what, since when, and the page on which it is done."""

    patient: str
    about: str
    what: str
    when: str
    href: str
    critical: bool = False


@dataclass(frozen=True)
class Group:
    """Things of one kind, most pressing first; `more` says that there are more than are shown."""

    key: str
    title: str
    items: tuple[Item, ...]
    more: bool = False
    # The page with all of them, where there is one.
    rest: str = ""

    @property
    def count(self) -> str:
        return f"{len(self.items)}+" if self.more else str(len(self.items))


@dataclass(frozen=True)
class Todo:
    groups: tuple[Group, ...]

    @property
    def total(self) -> str:
        """How much there is, for the header: "3", "50+", or nothing."""
        found = sum(len(group.items) for group in self.groups)
        more = any(group.more for group in self.groups)
        return f"{found}+" if more else str(found or "")

    @property
    def critical(self) -> bool:
        return any(item.critical for group in self.groups for item in group.items)


def load_todo(user: Any) -> Todo:
    """At most 10 queries: practitioner, results (2), open visits and their vital signs (2), orders,
    notes, co-signatures, visits of earlier days. Groups with nothing in them are left out.

    A practitioner is shown what is theirs and what is nobody's; a login that is no practitioner
    (front desk, administrator) is shown the visits of earlier days of everybody, and no chart.
    """
    mine = practitioner_of(user)
    groups: list[Group] = []
    if mine is not None and user.has_perm("encounters.view_chart"):
        groups += [
            _results(mine, user),
            _orders(mine, user),
            _unsigned(mine, user),
            _cosignatures(mine, user),
        ]
    groups.append(_earlier(mine, user))
    return Todo(tuple(group for group in groups if group.items))


def _orders(mine: Practitioner, user: Any) -> Group:
    found = Prescription.objects.awaiting(mine).annotate(closed=is_closed(user))
    return _group(
        "orders",
        _("Orders waiting for me"),
        found.select_related("patient").order_by(F("effective").asc(nulls_first=True), "id"),
        _order_item,
    )


def _unsigned(mine: Practitioner, user: Any) -> Group:
    found = Note.objects.unsigned_of(mine).annotate(closed=is_closed(user))
    return _group(
        "unsigned",
        _("Notes to sign"),
        found.select_related("patient", "encounter").order_by(
            F("effective").asc(nulls_first=True), "id"
        ),
        _note_item,
    )


def _cosignatures(mine: Practitioner, user: Any) -> Group:
    found = Note.objects.awaiting_cosignature_of(mine).annotate(closed=is_closed(user))
    return _group(
        "cosign",
        _("Notes to co-sign"),
        found.select_related("patient", "author").order_by("signed_at", "id"),
        _cosign_item,
    )


def _results(mine: Practitioner, user: Any) -> Group:
    """Results of my visits, and of visits that nobody is responsible for; critical ones first.

    What I entered myself I have seen, unless it is critical: then it is said what was done.
    """
    kinds = Q(category__in=RESULTS) & ~Q(author=mine)
    found = list(
        Observation.objects.listed()
        .filter(_responsible(mine, "encounter__"), kinds | Q(interpretation__in=CRITICAL))
        .filter(source="", seen_at=None, encounter__isnull=False)
        .exclude(code_code__in=BY_CODE)
        .exclude(status__in=[ObservationStatus.CANCELLED, ObservationStatus.REGISTERED])
        .annotate(closed=is_closed(user))
        .select_related("patient")
        .prefetch_related("components")
        .order_by(
            Case(When(interpretation__in=CRITICAL, then=Value(0)), default=Value(1)),
            F("effective").asc(nulls_first=True),
            "id",
        )[: SHOWN + 1]
    )
    items = [_result_item(row) for row in found]
    items += [_result_item(row, critical=True) for row in _unseen_signs(mine, user)]
    items.sort(key=lambda item: not item.critical)
    return Group(
        "results",
        _("Results to look at"),
        tuple(items[:SHOWN]),
        more=len(items) > SHOWN,
    )


def _unseen_signs(mine: Practitioner, user: Any) -> list[Observation]:
    """Critical vital signs of open visits; a closed one was asked for them when it was closed."""
    visits = {
        visit.pk: visit
        for visit in Encounter.objects.named_to(user)
        .filter(_responsible(mine), status__in=OPEN)
        .annotate(closed=is_closed(user))
        .select_related("patient")
        .newest_first()[:SHOWN]
    }
    if not visits:
        return []
    people = {visit.patient_id for visit in visits.values()}
    signs: dict[uuid.UUID, list[Observation]] = {}
    noted: dict[uuid.UUID, list[Observation]] = {}
    for row in newest_signs(list(visits), people):
        if row.code_code in NOTED:
            noted.setdefault(row.patient_id, []).append(row)
        elif row.encounter_id is not None and not row.source:
            row.patient = visits[row.encounter_id].patient
            row.closed = visits[row.encounter_id].closed  # type: ignore[attr-defined]
            signs.setdefault(row.encounter_id, []).append(row)
    found: list[Observation] = []
    for pk, rows in signs.items():
        visit = visits[pk]
        day = localtime(visit.date).date() if visit.date_known else None
        age: Age | None = visit.patient.age_at(day)
        person = person_on(day, age, noted.get(visit.patient_id, ()))
        found += not_acknowledged((row, read(row, person)) for row in paired(rows))
    return found


def _earlier(mine: Practitioner | None, user: Any) -> Group:
    found = Encounter.objects.named_to(user).filter(from_earlier_days())
    if mine is not None:
        found = found.filter(_responsible(mine))
    group = _group(
        "earlier",
        _("Visits still open from earlier days"),
        found.select_related("patient").order_by("date", "id"),
        _visit_item,
    )
    return replace(group, rest=reverse("records:board_earlier"))


def _responsible(mine: Practitioner, path: str = "") -> Q:
    """Visits of this practitioner, and those that nobody is responsible for."""
    return Q(**{f"{path}practitioner": mine}) | Q(**{f"{path}practitioner": None})


def _group(
    key: str,
    title: str,
    found: QuerySet[Any],
    make_item: Callable[[Any], Item],
) -> Group:
    rows: Iterable[Any] = found[: SHOWN + 1]
    items = tuple(map(make_item, rows))
    return Group(key, title, items[:SHOWN], more=len(items) > SHOWN)


def _order_item(row: Prescription) -> Item:
    href = reverse("records:prescription_edit", args=[row.pk])
    what = _unsaid(row) or f"{row} {row.dosage_text}".rstrip()
    return _item(row.patient, what, row.effective, href)


def _note_item(note: Note) -> Item:
    href = reverse("records:note_sign", args=[note.pk])
    return _item(note.patient, _unsaid(note) or _titled(note), note.effective, href)


def _cosign_item(note: Note) -> Item:
    title = _unsaid(note) or _titled(note)
    what = _("%(title)s by %(author)s") % {"title": title, "author": note.author}
    return _item(note.patient, what, note.signed_at, reverse("records:note_cosign", args=[note.pk]))


def _unsaid(row: Any) -> str:
    """What stands there instead of words of a chart that is closed to the reader; else nothing.

    It is still to be done, and opening it asks why.
    """
    return _("restricted chart") if row.closed else ""


def _titled(note: Note) -> str:
    kind = str(note.get_type_display())
    return f"{note.title} ({kind})" if note.title else kind


def _result_item(row: Observation, *, critical: bool = False) -> Item:
    value = row.value_words or "/".join(part.value_words for part in row.components.all())
    what = " ".join(part for part in (str(row), value, row.value_unit) if part)
    if row.interpretation and row.interpretation != "N":
        what = f"{what} {row.interpretation}"
    what = _unsaid(row) or what
    href = reverse("records:observation_seen", args=[row.pk])
    pressing = critical or row.interpretation in CRITICAL
    return _item(row.patient, what, row.effective, href, critical=pressing)


def _visit_item(visit: Encounter) -> Item:
    what = f"{visit.title}: {visit.get_status_display()}"
    href = reverse("records:encounter_detail", args=[visit.pk])
    planned = visit.status == Status.PLANNED
    return _item(visit.patient, what, visit.planned_start if planned else visit.date, href)


def _item(
    patient: Patient, what: str, when: dt.datetime | None, href: str, *, critical: bool = False
) -> Item:
    facts = (patient.sex_letter, patient.born_words, patient.number)
    return Item(
        patient=patient.name,
        about=" · ".join(fact for fact in facts if fact),
        what=what,
        when=date_format(localtime(when), "DATETIME_FORMAT") if when else "",
        href=href,
        critical=critical,
    )
