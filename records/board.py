"""Today: the clinic's day by status. A constant number of queries, whatever the number of visits.

The day is read whole (it is bounded by what a clinic can see in a day) and "my patients" and the
room are chosen from it in memory: counts of rooms and name alerts need the whole day anyway.
"""

import datetime as dt
import hashlib
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import combinations
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from clinik import clock
from clinik.mrn import format_mrn
from clinik.names import mistakable, normalise_name
from encounters.models import Diagnosis, Encounter, Practitioner, StatusPeriod
from encounters.models.closed import is_closed
from encounters.models.encounter import OPEN, EncounterClass, Status
from records.board_cards import Card, Row, Seen, Viewer, make_card, minutes_words, waited
from records.board_vitals import critical_unseen, vitals_of
from records.downtime import DowntimeRow, downtime_rows
from records.models import Note

OPEN_WITHIN = dt.timedelta(hours=48)
FINISHED_WITHIN = dt.timedelta(hours=4)
EARLIER_COUNTED = 100
# Cards of a column before "show more"; people who wait are never folded away.
FOLD_AFTER = 12
NEVER_FOLDED = (Status.ARRIVED, Status.TRIAGED)
COLUMNS = (
    Status.PLANNED,
    Status.ARRIVED,
    Status.TRIAGED,
    Status.IN_PROGRESS,
    Status.FINISHED,
)


@dataclass(frozen=True)
class Filters:
    """What the URL says: the day, only my patients, one room."""

    day: dt.date
    mine: bool = False
    room: str = ""


@dataclass(frozen=True)
class Column:
    status: str
    title: str
    empty: str
    opens: bool
    cards: tuple[Card, ...]
    folded: tuple[Card, ...]

    @property
    def count(self) -> int:
        return len(self.cards) + len(self.folded)


@dataclass(frozen=True)
class Board:
    """Everything the board shows; `version` is the same as long as it shows the same."""

    title: str
    filters: Filters
    is_today: bool
    columns: tuple[Column, ...]
    rooms: tuple[str, ...]
    has_practitioner: bool
    waiting: int
    longest: str
    earlier: int
    earlier_more: bool
    downtime: tuple[DowntimeRow, ...]
    shows_allergies: bool

    @property
    def total(self) -> int:
        return sum(column.count for column in self.columns)

    @property
    def version(self) -> str:
        return hashlib.sha256(repr(self).encode()).hexdigest()[:16]


def load_board(user: Any, filters: Filters) -> Board:
    """8 queries: visits, vitals (2), diagnoses, earlier days, practitioner, allergies (2)."""
    viewer = Viewer.of(user)
    day = [Row(*values) for values in _rows(user, filters.day)]
    mine = _practitioner_of(user)
    shown = [
        row
        for row in day
        if (not filters.mine or (mine and row.practitioner_id == mine))
        and (not filters.room or row.location == filters.room)
    ]
    seen = _seen(shown, day, viewer, user)
    cards: dict[str, list[Card]] = {status: [] for status in COLUMNS}
    for row in shown:
        column = Status.IN_PROGRESS if row.status == Status.ONLEAVE else row.status
        cards[column].append(make_card(row, seen.get(row.pk, Seen()), viewer))
    waits = [waited(row.since or row.start) for row in shown if row.status in NEVER_FOLDED]
    is_today = filters.day == clock.today()
    earlier = _earlier_count(user) if is_today else 0
    return Board(
        title=date_format(filters.day, "l j F"),
        filters=filters,
        is_today=is_today,
        columns=tuple(_column(status, cards[status], viewer) for status in COLUMNS),
        rooms=tuple(sorted({row.location for row in day if row.location})),
        has_practitioner=mine is not None,
        waiting=len(waits),
        longest=minutes_words(max(waits)) if waits else "",
        earlier=min(earlier, EARLIER_COUNTED - 1),
        earlier_more=earlier >= EARLIER_COUNTED,
        downtime=downtime_rows(shown, allergies=viewer.chart),
        shows_allergies=viewer.chart,
    )


def on_board(day: dt.date) -> Q:
    """Which visits belong on the board of a day.

    Today: planned for today; open ones begun within 48 h and every open inpatient; finished today
    or within 4 h. Another day: what happened or was planned on it.
    """
    begin, after = clock.day_bounds(day)
    if day != clock.today():
        return Q(status__in=[Status.PLANNED, *OPEN, Status.FINISHED]) & Q(
            date__gte=begin, date__lt=after
        )
    now = clock.now()
    return (
        Q(status=Status.PLANNED, date__gte=begin, date__lt=after)
        | Q(status__in=OPEN, date__gte=now - OPEN_WITHIN, date__lt=after)
        | Q(status__in=OPEN, class_code=EncounterClass.IMP)
        | Q(status=Status.FINISHED, end__gte=min(begin, now - FINISHED_WITHIN), end__lt=after)
    )


def from_earlier_days() -> Q:
    """Still open or never arrived: what would otherwise be forgotten off the board."""
    begin, _after = clock.day_bounds(clock.today())
    return Q(status=Status.PLANNED, date__lt=begin) | (
        Q(status__in=OPEN, date__lt=clock.now() - OPEN_WITHIN) & ~Q(class_code=EncounterClass.IMP)
    )


def _rows(user: Any, day: dt.date) -> Iterable[tuple[Any, ...]]:
    since = StatusPeriod.objects.filter(
        encounter=OuterRef("pk"), end=None, withdrawn_at=None
    ).order_by("-start")
    unsigned = Note.objects.unsigned().filter(encounter=OuterRef("pk"))
    visits: QuerySet[Encounter] = Encounter.objects.named_to(user).filter(on_board(day))
    return (
        visits.order_by()
        .annotate(
            since=Subquery(since.values("start")[:1]),
            note_unsigned=Exists(unsigned),
            critical_unseen=Exists(critical_unseen().filter(encounter=OuterRef("pk"))),
            closed=is_closed(user),
        )
        .values_list(*Row._fields)
    )


def _practitioner_of(user: Any) -> uuid.UUID | None:
    return Practitioner.objects.filter(user=user).values_list("pk", flat=True).first()


def _earlier_count(user: Any) -> int:
    """How many are left from earlier days, counted no further than EARLIER_COUNTED."""
    left = Encounter.objects.named_to(user).filter(from_earlier_days()).order_by()
    return len(left.values_list("pk")[:EARLIER_COUNTED])


def _seen(shown: list[Row], day: list[Row], viewer: Viewer, user: Any) -> dict[uuid.UUID, Seen]:
    """Per visit: flags of its latest vitals, its first diagnosis, and a name alert."""
    alike = _alike({row.person: row for row in day}.values())
    open_ids = [row.pk for row in shown if row.status in OPEN]
    vitals = vitals_of(open_ids, {row.pk: row for row in shown})
    finished = [row.pk for row in shown if row.status == Status.FINISHED]
    diagnoses = _first_diagnoses(finished) if viewer.chart and finished else {}
    seen = {}
    for row in shown:
        flags, critical = vitals.get(row.pk, ((), False))
        seen[row.pk] = Seen(
            flags=flags,
            critical=critical,
            diagnosis=diagnoses.get(row.pk, ""),
            name_alert=_name_alert(row) if row.person in alike else "",
        )
    return seen


def _alike(people: Iterable[Row]) -> set[Any]:
    """Who of the day may be taken for somebody else of the day, by name."""
    found: set[Any] = set()
    by_letter: dict[str, list[Row]] = {}
    for row in people:
        by_letter.setdefault(normalise_name(row.patient__family)[:1], []).append(row)
    for rows in by_letter.values():
        for one, other in combinations(rows, 2):
            if mistakable(*one.names, *other.names):
                found |= {one.person, other.person}
    return found


def _name_alert(row: Row) -> str:
    born = row.patient__birth_date
    return _("name alert: born %(born)s, No. %(number)s") % {
        "born": date_format(born, "DATE_FORMAT") if born else _("unknown"),
        "number": format_mrn(row.patient__mrn),
    }


def _first_diagnoses(visits: list[uuid.UUID]) -> dict[uuid.UUID, str]:
    """The highest-ranked diagnosis of each, code first: "I10 Essential hypertension"."""
    ranked = (
        Diagnosis.objects.listed()
        .filter(encounter__in=visits)
        .ranked()
        .values_list("encounter", "condition_code", "condition_text", "condition_display")
    )
    first: dict[uuid.UUID, str] = {}
    for visit, code, text, display in ranked:
        first.setdefault(visit, " ".join(part for part in (code, text or display) if part))
    return first


def _column(status: Status, cards: list[Card], viewer: Viewer) -> Column:
    cards.sort(key=lambda card: card.order)
    fold = len(cards) if status in NEVER_FOLDED else FOLD_AFTER
    titles = {
        Status.PLANNED: (_("Planned"), _("Nobody else is planned.")),
        Status.ARRIVED: (_("Arrived"), _("Nobody waiting.")),
        Status.TRIAGED: (_("Triaged"), _("Nobody waiting after triage.")),
        Status.IN_PROGRESS: (_("In progress"), _("Nobody is being seen.")),
        Status.FINISHED: (_("Finished"), _("Nothing finished yet.")),
    }
    title, empty = titles[status]
    return Column(
        status=status.value,
        title=title,
        empty=empty,
        opens=status == own_column(viewer),
        cards=tuple(cards[:fold]),
        folded=tuple(cards[fold:]),
    )


def own_column(viewer: Viewer) -> Status:
    """Where a narrow screen opens: who comes next for this person."""
    if not viewer.triages:
        return Status.PLANNED
    return Status.TRIAGED if viewer.treats else Status.ARRIVED
