"""Reading the audit trail: who did or saw what, by person, patient, act, date and outcome.

Nothing clinical is shown to those who see no chart: not the reasons that people gave, which may
speak of it; patients' names as far as the reader may see the register.
"""

import datetime as dt
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar
from uuid import UUID

from django.apps import apps
from django.db import connection
from django.db.models import Count, F, Max, Min, Q, QuerySet
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from clinik import clock
from clinik.acts import act_words
from clinik.models import AuditEvent, User
from encounters.models import Encounter, EncounterParticipant, Patient, Practitioner
from encounters.models.closed import is_closed
from encounters.page_names import page_words

PAGE = 50
MOST_PEOPLE = 200
# Rows read at once for a file.
CHUNK = 500
# No request lasts so long: ids follow the time within it.
_SLACK = dt.timedelta(hours=1)
_BIGGEST = 2**63 - 1
# What events are sorted by besides the time; the newest first among equal ones. So many at most,
# and so many of them on a page.
SORTS: dict[str, tuple[Any, ...]] = {
    "person": (F("by__username").asc(nulls_last=True),),
    "patient": (F("patient_id").asc(nulls_last=True),),
    "act": ("act",),
    "kind": ("object_type", "object_id"),
}
MOST_SORTED = 50_000
SHOWN_SORTED = 500

T = TypeVar("T")


def kind_words(object_type: str) -> str:
    """ "visit", "note"; what is no table ("page") as it is."""
    try:
        return str(apps.get_model(object_type)._meta.verbose_name)
    except (LookupError, ValueError):
        return object_type


@dataclass(frozen=True)
class Line:
    """One event, in words."""

    id: int
    when: str
    who: str
    login: str
    role: str
    address: str
    what: str
    kind: str
    about: str
    number: str
    url: str
    fields: str
    reason: str
    outcome: str
    outcome_words: str


@dataclass(frozen=True)
class Page(Generic[T]):
    """Newest first; the ids to go on from, None where there is nothing more."""

    rows: list[T]
    newer: int | None
    older: int | None


def events() -> QuerySet[AuditEvent]:
    return AuditEvent.objects.order_by("-id")


def dated(found: QuerySet[AuditEvent], since: dt.date | None, until: dt.date | None) -> Any:
    """Days of the clinic's zone, both included. The key is bounded too, so that the table is
    walked where it matters: ids follow the time, but for requests that took long."""
    if since:
        first = clock.day_bounds(since)[0]
        found = found.filter(at__gte=first)
        start = AuditEvent.objects.filter(at__gte=first - _SLACK).order_by("at", "id")
        found = found.filter(id__gte=start.values_list("id", flat=True).first() or 0)
    if until:
        after = clock.day_bounds(until)[1]
        found = found.filter(at__lt=after)
        end = AuditEvent.objects.filter(at__lt=after + _SLACK).order_by("-at", "-id")
        found = found.filter(id__lte=end.values_list("id", flat=True).first() or 0)
    return found


def entries_of(patient: Patient) -> list[UUID]:
    """The keys of a patient: the entry itself and those merged into it."""
    keys, new = [patient.pk], [patient.pk]
    while new:
        rows = Patient.objects.filter(merged_into__in=new).exclude(pk__in=keys)
        new = list(rows.values_list("pk", flat=True))
        keys += new
    return keys


def about(found: QuerySet[AuditEvent], keys: Collection[UUID]) -> QuerySet[AuditEvent]:
    """Events about a patient; refusals whose address named only a visit of theirs are among them.

    Whatever has become of the rows: visits in error and moved ones are found by what was written.
    """
    visits = Encounter.objects.filter(patient__in=keys).order_by().values("pk")
    return found.filter(
        Q(patient_id__in=keys) | Q(patient_id__isnull=True, encounter_id__in=visits)
    )


def team(keys: Collection[UUID]) -> list[int]:
    """The logins of who took part in a visit of the patient: responsible, or among its people."""
    responsible = Encounter.objects.filter(patient__in=keys).order_by().values("practitioner")
    others = EncounterParticipant.objects.filter(encounter__patient__in=keys).order_by()
    found = Practitioner.objects.filter(
        Q(pk__in=responsible) | Q(pk__in=others.values("practitioner")), user__isnull=False
    )
    return [user for user in found.values_list("user", flat=True) if user is not None]


def outside(found: QuerySet[AuditEvent], keys: Collection[UUID]) -> QuerySet[AuditEvent]:
    """Those of people who took part in none of the patient's visits; the system is nobody."""
    return found.filter(by__isnull=False).exclude(by__in=team(keys))


@dataclass(frozen=True)
class Person:
    """What one login did about a patient, in one role."""

    who: str
    login: str
    role: str
    first: str
    last: str
    views: int
    others: int
    refused: int


def people(found: QuerySet[AuditEvent]) -> list[Person]:
    """Who is in these events, the latest first; at most MOST_PEOPLE."""
    done = Q(outcome=AuditEvent.Outcome.SUCCESS)
    read = Q(action=AuditEvent.Action.READ)
    rows = (
        found.order_by()
        .values("by__username", "by__first_name", "by__last_name", "role")
        .annotate(
            first=Min("at"),
            last=Max("at"),
            views=Count("id", filter=done & read),
            others=Count("id", filter=done & ~read),
            refused=Count("id", filter=~done),
        )
        .order_by("-last")[:MOST_PEOPLE]
    )
    return [
        Person(
            who=_name(row["by__first_name"], row["by__last_name"], row["by__username"]),
            login=row["by__username"] or "",
            role=row["role"],
            first=_stamp(row["first"]),
            last=_stamp(row["last"]),
            views=row["views"],
            others=row["others"],
            refused=row["refused"],
        )
        for row in rows
    ]


def read_page(found: QuerySet[AuditEvent], *, before: int | None, after: int | None) -> Page[Any]:
    """One page by keyset: older than `before`, or newer than `after`, or the newest."""
    rows = found.select_related("by")
    if after is not None:
        page = list(rows.filter(id__gt=after).order_by("id")[: PAGE + 1])
        more, page = len(page) > PAGE, page[:PAGE][::-1]
        return Page(page, page[0].pk if page and more else None, page[-1].pk if page else None)
    if before is not None:
        rows = rows.filter(id__lt=before)
    page = list(rows.order_by("-id")[: PAGE + 1])
    more, page = len(page) > PAGE, page[:PAGE]
    newer = page[0].pk if page and before is not None else None
    return Page(page, newer, page[-1].pk if more else None)


def sort(found: QuerySet[AuditEvent], by: str) -> QuerySet[AuditEvent]:
    """Sorted by a name of SORTS; at most MOST_SORTED."""
    return found.order_by(*SORTS[by], "-id")[:MOST_SORTED]


def read_sorted(found: QuerySet[AuditEvent], by: str) -> Page[Any]:
    """The first SHOWN_SORTED; they have no pages."""
    return Page(list(sort(found.select_related("by"), by)[:SHOWN_SORTED]), None, None)


def all_sorted(found: QuerySet[AuditEvent], by: str) -> Iterator[list[AuditEvent]]:
    """All of them, some at a time: the order is asked for once, by ids alone."""
    ids = list(sort(found, by).values_list("id", flat=True))
    for start in range(0, len(ids), CHUNK):
        some = ids[start : start + CHUNK]
        rows = AuditEvent.objects.select_related("by").in_bulk(some)
        yield [rows[key] for key in some]


def all_rows(found: QuerySet[AuditEvent]) -> Iterator[list[AuditEvent]]:
    """Everything found, newest first, some at a time: one query each, by keyset."""
    rows, last = found.select_related("by").order_by("-id"), _BIGGEST
    while chunk := list(rows.filter(id__lt=last)[:CHUNK]):
        yield chunk
        last = chunk[-1].pk


def lines_of(rows: Sequence[AuditEvent], user: Any) -> list[Line]:
    """In words; one query, for the names of the patients."""
    keys = {row.patient_id for row in rows if row.patient_id}
    named = Patient.objects.named_to(user).annotate(closed=is_closed(user, "pk"))
    patients: dict[Any, Any] = named.in_bulk(keys) if keys else {}
    chart = user.has_perm("encounters.view_chart")
    return [
        _line(row, whose, chart=chart and not (whose and whose.closed))
        for row in rows
        for whose in [patients.get(row.patient_id)]
    ]


def _line(event: AuditEvent, patient: Patient | None, *, chart: bool) -> Line:
    by: User | None = event.by
    return Line(
        id=event.pk,
        when=_stamp(event.at),
        who=_name(by.first_name, by.last_name, by.username) if by else _("the system"),
        login=by.username if by else "",
        role=event.role,
        address=str(event.address or ""),
        what=act_words(event.act),
        kind=kind_words(event.object_type) if event.object_type != "page" else _page(event),
        about=patient.name if patient else "",
        number=patient.number if patient else "",
        url=reverse("encounters:patient_trail", args=[patient.pk]) if patient else "",
        fields=", ".join(_field_words(event)),
        reason=event.reason if chart else "",
        outcome=event.outcome,
        outcome_words=str(event.get_outcome_display()),
    )


def _page(event: AuditEvent) -> str:
    return page_words(str(event.detail.get("page", "") or event.act.rpartition(".")[0]))


def _field_words(event: AuditEvent) -> Iterator[str]:
    """The changed fields as people call them; filters of a search are no fields of its table."""
    try:
        named = {
            field.name: str(getattr(field, "verbose_name", "") or field.name)
            for field in apps.get_model(event.object_type)._meta.get_fields()
        }
    except (LookupError, ValueError):
        named = {}
    for name in event.fields:
        yield named.get(str(name), str(name)).replace("_", " ")


def _name(first: str | None, last: str | None, login: str | None) -> str:
    return f"{first or ''} {last or ''}".strip() or login or _("the system")


def _stamp(at: dt.datetime) -> str:
    return date_format(localtime(at), "DATETIME_FORMAT")


def known_acts() -> list[str]:
    """Every act that the trail holds: one query that leaps from one to the next in the index."""
    table = connection.ops.quote_name(AuditEvent._meta.db_table)
    with connection.cursor() as cursor:
        cursor.execute(
            f"WITH RECURSIVE found(act) AS (SELECT MIN(act) FROM {table} UNION ALL"
            f" SELECT (SELECT MIN(act) FROM {table} WHERE act > found.act) FROM found"
            " WHERE found.act IS NOT NULL) SELECT act FROM found WHERE act IS NOT NULL"
        )
        return [act for (act,) in cursor.fetchall()]


def named_acts() -> list[tuple[str, str]]:
    """The known acts, each with what it is called: ("note.sign", "note: signed")."""
    kinds = {m._meta.model_name or "": str(m._meta.verbose_name) for m in apps.get_models()}
    named = []
    for act in known_acts():
        noun = act.rpartition(".")[0]
        named.append((act, f"{kinds.get(noun) or page_words(noun)}: {act_words(act)}"))
    return named


def with_act(found: QuerySet[AuditEvent], text: str) -> QuerySet[AuditEvent]:
    """An act as it is called ("signed", "note: signed") or kept ("note.sign"), or a part of what
    is kept: all of a kind of row ("note"), the last word ("sign")."""
    said = text.strip().casefold()
    wanted = said.replace(" ", "_")
    return found.filter(
        act__in=[
            act
            for act, words in named_acts()
            if act == wanted
            or wanted in act.split(".")
            or said in (words.casefold(), act_words(act).casefold())
        ]
    )
