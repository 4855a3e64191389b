"""Which results belong together: the reports of a visit, and the panels among its observations."""

import uuid
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from encounters.models import Encounter
from encounters.models.encounter import ErrorAbout
from encounters.models.encounter import Status as EncounterStatus
from records.models import ObservationMember, Report
from records.models.base import ENTERED_IN_ERROR
from records.sections import Row, rows_of


@dataclass(frozen=True)
class Group:
    """Rows that stand together: the results of one report under its name, or of none.

    `elsewhere` results of the report stand in another place (under another report, among the
    vitals, at another visit, in error), `missing` ones no import has brought.
    """

    rows: tuple[Row, ...] = ()
    report: Row | None = None
    elsewhere: int = 0
    missing: int = 0
    note_url: str = ""

    @property
    def size(self) -> int:
        """Lines that it takes; a report without results still is one."""
        return max(1, len(self.rows))

    @property
    def left_out(self) -> str:
        """What is said of the results that do not stand here; empty where all do."""
        words = []
        if self.elsewhere:
            words.append(
                ngettext(
                    "%(n)s more result, shown elsewhere",
                    "%(n)s more results, shown elsewhere",
                    self.elsewhere,
                )
                % {"n": self.elsewhere}
            )
        if self.missing:
            words.append(
                ngettext(
                    "%(n)s result has not been sent",
                    "%(n)s results have not been sent",
                    self.missing,
                )
                % {"n": self.missing}
            )
        return ", ".join(words)


@dataclass
class _Read:
    """A report as read: the ids of its results in their order, None for one never sent."""

    report: Any
    results: list[uuid.UUID | None] = field(default_factory=list)


def reports_of(encounter: Encounter, user: Any) -> list[_Read]:
    """The reports of a visit, newest first, with what they name: one query."""
    found: dict[uuid.UUID, _Read] = {}
    rows = (
        Report.objects.visible_to(user)
        .filter(encounter=encounter)
        .select_related("author", "entered_by")
        .annotate(
            result=F("results__observation"),
            place=F("results__position"),
            note_visit=F("note__encounter"),
            note_status=F("note__status"),
        )
        .order_by("-effective", "-id", "place")
    )
    row: Any  # with the columns that were annotated
    for row in rows:
        read = found.setdefault(row.pk, _Read(row))
        if row.place is not None:
            read.results.append(row.result)
    return list(found.values())


def group(
    rows: tuple[Row, ...], reports: list[_Read], user: Any
) -> tuple[tuple[Group, ...], tuple[Row, ...]]:
    """(groups with every row once, reports in error). A report stands at its own time."""
    heads, wrong = rows_of([read.report for read in reports], user)
    # Nobody here is the author of what an import brought.
    may_err = user.has_perm("records.enter_any_in_error")
    heading = {head.pk: replace(head, may_err=may_err) for head in heads}
    here = {row.pk: row for row in rows}
    grouped: set[uuid.UUID] = set()
    groups: list[Group] = []
    for read in reports:
        if head := heading.get(read.report.pk):
            made = _group(read, head, here, grouped)
            groups.append(made)
            grouped |= {row.pk for row in made.rows}
    return tuple(_in_order(rows, groups, grouped)), wrong


def _group(read: _Read, head: Row, here: dict[Any, Row], taken: set[uuid.UUID]) -> Group:
    sent = [key for key in dict.fromkeys(read.results) if key is not None]
    mine = tuple(here[key] for key in sent if key in here and key not in taken)
    report = read.report
    note_url = ""
    if report.note_visit and report.note_status != ENTERED_IN_ERROR:
        page = reverse("records:encounter_detail", args=[report.note_visit])
        note_url = f"{page}?all=note#note-{report.note_id}"
    return Group(
        mine,
        head,
        elsewhere=len(sent) - len(mine),
        missing=read.results.count(None),
        note_url=note_url,
    )


def _in_order(
    rows: tuple[Row, ...], groups: list[Group], grouped: set[uuid.UUID]
) -> Iterator[Group]:
    """Newest first; rows of no report stand together between the reports, and after those of their
    own time."""
    waiting = deque(groups)
    loose: list[Row] = []
    for row in rows:
        if row.pk in grouped:
            continue
        while waiting and not _older(waiting[0], row):
            if loose:
                yield Group(tuple(loose))
                loose = []
            yield waiting.popleft()
        loose.append(row)
    if loose:
        yield Group(tuple(loose))
    yield from waiting


def _older(made: Group, row: Row) -> bool:
    """Whether the report is of a time before the row's, as far as both are known."""
    record = made.report.record if made.report else None
    moment = record and (record.effective or record.issued)
    return moment is None or row.record.effective is None or moment < row.record.effective


def panels_of(encounter: Encounter) -> list[tuple[uuid.UUID, uuid.UUID | None, str]]:
    """(panel, member, the member's name) of each panel observed at the visit, in their order.

    One query. Members in error, or of a visit about somebody else, are left out.
    """
    elsewhere = Q(
        observation__encounter__status=EncounterStatus.ENTERED_IN_ERROR,
        observation__encounter__error_about=ErrorAbout.SOMEBODY_ELSE,
    ) & ~Q(observation__encounter=encounter)
    names = ("code_text", "code_display", "code_code")
    rows = (
        ObservationMember.objects.filter(panel__encounter=encounter)
        .exclude(Q(panel__status=ENTERED_IN_ERROR) | Q(observation__status=ENTERED_IN_ERROR))
        .exclude(elsewhere)
        .order_by("panel_id", "position")
        .values_list("panel_id", "observation_id", *(f"observation__{name}" for name in names))
    )
    return [
        (panel, member, next((word for word in words if word), "") or _("not sent"))
        for panel, member, *words in rows
    ]
