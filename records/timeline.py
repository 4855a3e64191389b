"""The timeline of a visit: who did what, when, from what to what, and why; newest first.

Statuses come from the status history (when it happened), everything else from the audit trail (when
it was entered). Views are not shown, and nothing of the chart to those who may not see it.
"""

import datetime as dt
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from clinik import clock
from clinik.models import AuditEvent
from encounters.models import Encounter, StatusPeriod
from encounters.models.encounter import CancelReason, Status
from records.board_cards import minutes_words
from records.timeline_lines import Entry, lines_of, name_of, stamp, time_words

SHOWN = 50
# Entered so much later than it happened is worth a word.
LATE = dt.timedelta(minutes=2)


@dataclass(frozen=True)
class Timeline:
    entries: tuple[Entry, ...]
    cut: bool


def load_timeline(
    encounter: Encounter,
    periods: Sequence[StatusPeriod],
    *,
    chart: bool,
    labels: Mapping[str, str],
    vitals: Collection[str] = (),
    show_all: bool = False,
) -> Timeline:
    """One query for the acts; `labels` names the records that the page has read already.

    `vitals` holds the ids of those that are vital signs: taken together they are one thing done.
    """
    events = AuditEvent.objects.filter(
        encounter_id=encounter.pk, outcome=AuditEvent.Outcome.SUCCESS
    ).exclude(action=AuditEvent.Action.READ)
    found = list(
        events.select_related("by", "by__practitioner").order_by("-id")[
            : None if show_all else SHOWN + 1
        ]
    )
    cut = not show_all and len(found) > SHOWN
    acts = found[:SHOWN] if cut else found
    entries = [
        *_statuses(encounter, periods, chart=chart),
        *(line for _event, line in lines_of(acts, chart=chart, labels=labels, vitals=vitals)),
    ]
    # Of two at the same minute the later entered stands above; sorting is stable.
    entries.sort(key=lambda entry: entry.at, reverse=True)
    moment = encounter.start or encounter.planned_start or encounter.end
    own_day = localtime(moment).date() if moment else None
    return Timeline(entries=tuple(with_days(entries, own_day)), cut=cut)


def _statuses(
    encounter: Encounter, periods: Sequence[StatusPeriod], *, chart: bool
) -> Iterable[Entry]:
    before: StatusPeriod | None = None
    labels = {str(value): str(label) for value, label in Status.choices}
    for period in periods:
        start = period.start
        if start is None:  # an import without times: the visit's header says the status
            continue
        text = labels.get(period.status, period.status)
        if not _waited(before) and period.status == Status.ARRIVED:
            text += _against_plan(encounter, start)
        step = step_of(encounter, period, start, chart=chart)
        who = name_of(period.by) or (_("imported") if period.source else "")
        if before is not None and before.start is not None and _waited(before):
            who = _after(who, labels.get(before.status, before.status), start - before.start)
        yield replace(step, text=text, who=" · ".join(filter(None, (who, _late(period, start)))))
        before = period


def step_of(
    encounter: Encounter, period: StatusPeriod, start: dt.datetime, *, chart: bool
) -> Entry:
    """One step of the status history by itself; `start` is when it was, which is known."""
    who = name_of(period.by) or (_("imported") if period.source else "")
    return Entry(
        at=start,
        time=time_words(start),
        text=str(period.get_status_display()),
        who=" · ".join(filter(None, (who, _late(period, start)))),
        why=_why(encounter, period, chart=chart),
        warning=_stands_out(period),
    )


def _late(period: StatusPeriod, start: dt.datetime) -> str:
    if period.source or period.entered_at - start <= LATE:
        return ""
    return _("entered %(time)s") % {"time": stamp(period.entered_at, start)}


def _stands_out(period: StatusPeriod) -> bool:
    """Entered in error; closed over what was missing; opened again."""
    reasoned = period.status in (Status.FINISHED, Status.IN_PROGRESS) and bool(period.reason)
    return period.status == Status.ENTERED_IN_ERROR or reasoned


def _waited(before: StatusPeriod | None) -> bool:
    """Whether the interval before is one that somebody was here for: a booking is not."""
    return before is not None and before.status != Status.PLANNED


def _against_plan(encounter: Encounter, start: dt.datetime) -> str:
    if encounter.planned_start is None:
        return ""
    late = round((start - encounter.planned_start).total_seconds() / 60)
    if late == 0 or abs(late) > 12 * 60:
        return ""
    if late < 0:
        return ", " + ngettext("%(n)d min early", "%(n)d min early", -late) % {"n": -late}
    return ", " + ngettext("%(n)d min late", "%(n)d min late", late) % {"n": late}


def _after(who: str, status: str, span: dt.timedelta) -> str:
    waited = minutes_words(max(clock.whole_minutes(span), 0))
    after = _("after %(waited)s %(status)s") % {"waited": waited, "status": status}
    return f"{who}, {after}" if who else after


def _why(encounter: Encounter, period: StatusPeriod, *, chart: bool) -> str:
    """A reason in free words may speak of the chart: without it, only a coded one is said."""
    if period.status == Status.CANCELLED and encounter.cancel_reason:
        labels = {str(value): str(label) for value, label in CancelReason.choices}
        parts = (labels[encounter.cancel_reason], encounter.cancel_text if chart else "")
        return ": ".join(part for part in parts if part)
    return period.reason if chart else ""


def with_days(entries: Iterable[Entry], above: dt.date | None = None) -> Iterable[Entry]:
    """Days are said where the timeline leaves the day `above`, or changes it."""
    for entry in entries:
        day = localtime(entry.at).date()
        shown = date_format(day, "DATE_FORMAT") if day != above else ""
        above = day
        yield replace(entry, day=shown)
