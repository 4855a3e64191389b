"""The timeline of a visit: who did what, when, from what to what, and why; newest first.

Statuses come from the status history (when it happened), everything else from the audit trail (when
it was entered). Views are not shown, and nothing of the chart to those who may not see it.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.core.exceptions import FieldDoesNotExist
from django.urls import reverse
from django.utils.dateparse import parse_datetime
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.utils.translation import pgettext_lazy as pgettext

from clinik import clock
from clinik.models import AuditEvent
from encounters.models import Encounter, StatusPeriod
from encounters.models.encounter import CancelReason, Status
from records.board_cards import minutes_words

SHOWN = 50
# Entered so much later than it happened is worth a word.
LATE = dt.timedelta(minutes=2)
CHART_APPS = ("records.",)
CHART_TYPES = (
    "encounters.diagnosis",
    "encounters.allergy",
    "encounters.noknownallergies",
    "encounters.amendmentrequest",
)

# Acts on the visit that the status history already tells.
IN_HISTORY = frozenset(
    f"encounter.{verb}"
    for verb in (
        "create",
        "open",
        "open_moved",
        "arrive",
        "triage",
        "start",
        "leave",
        "resume",
        "finish",
        "cancel",
        "uncancel",
        "reopen",
        "clarify",
        "enter_in_error",
    )
)
# What an act says; of a record its name stands before it, in bold.
WORDS = {
    "encounter.change": gettext_lazy("details changed"),
    "encounter.step_back": gettext_lazy("step taken back"),
    "encounter.correct_time": gettext_lazy("time corrected"),
    "encounter.correct_length": gettext_lazy("length corrected"),
    "encounter.admit": gettext_lazy("admitted"),
    "encounter.move_room": gettext_lazy("moved to another room"),
    "encounter.hand_over": gettext_lazy("handed over"),
    "encounter.restore": gettext_lazy("restored"),
    "encounter.set_participants": gettext_lazy("who takes part was changed"),
    "encounter.move_to_patient": gettext_lazy("moved to the right patient"),
    "encounter.moved_here": gettext_lazy("taken over from a visit opened for another patient"),
    "prescription.activate": gettext_lazy("prescribed"),
    "prescription.hold": gettext_lazy("put on hold"),
    "prescription.stop": gettext_lazy("stopped"),
    "prescription.create": gettext_lazy("drafted"),
    "prescription.complete": gettext_lazy("completed"),
    "prescription.resume": gettext_lazy("resumed"),
    "prescription.cancel": gettext_lazy("cancelled"),
    "note.create": gettext_lazy("begun"),
    "note.sign": gettext_lazy("signed"),
    "note.cosign": gettext_lazy("co-signed"),
    "note.ask_cosignature": gettext_lazy("second signature asked for"),
    "observation.acknowledge": gettext_lazy("seen"),
    "observation.correct": gettext_lazy("corrected"),
    "diagnosis.promote": gettext_lazy("put on the problem list"),
    "encounter.record_past": gettext_lazy("recorded afterwards"),
    "encounter.import": gettext_lazy("imported"),
    "encounter.update_imported": gettext_lazy("updated by an import"),
    "amendment.create": gettext_lazy("written down"),
    "amendment.accept": gettext_lazy("accepted"),
    "amendment.deny": gettext_lazy("denied"),
    "amendment.mistake": gettext_lazy("written down by mistake"),
    "allergy.none_known": gettext_lazy("stated"),
    "allergy.none_known_ended": gettext_lazy("ended"),
}
LAST_WORDS = {
    "create": pgettext("timeline", "added"),
    "change": pgettext("timeline", "changed"),
    "enter_in_error": pgettext("timeline", "entered in error"),
    "print": pgettext("timeline", "printed"),
}
# Whose line leads to the versions of the row.
CHANGING = ("change", "correct", "enter_in_error", "restore", "step_back", "correct_time")
WARNING_ACTS = ("enter_in_error", "step_back", "restore")


@dataclass(frozen=True)
class Entry:
    """One line. `day` is set where the day is not that of the line above; `at` sorts."""

    at: dt.datetime
    time: str
    text: str
    bold: str = ""
    who: str = ""
    why: str = ""
    day: str = ""
    warning: bool = False
    # The versions of what was changed, from what to what.
    href: str = ""


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
        *_acts(acts, chart=chart, labels=labels, vitals=vitals),
    ]
    # Of two at the same minute the later entered stands above; sorting is stable.
    entries.sort(key=lambda entry: entry.at, reverse=True)
    return Timeline(entries=tuple(_with_days(encounter, entries)), cut=cut)


def name_of(user: Any) -> str:
    """A login as the clinic calls it: the practitioner's short name, else the person's."""
    if user is None:
        return ""
    practitioner = getattr(user, "practitioner", None)
    return practitioner.short_name if practitioner else str(user)


def _time(at: dt.datetime) -> str:
    return date_format(localtime(at), "TIME_FORMAT")


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
        who = name_of(period.by) or (_("imported") if period.source else "")
        if before is not None and before.start is not None and _waited(before):
            who = _after(who, labels.get(before.status, before.status), start - before.start)
        if period.entered_at - start > LATE and not period.source:
            entered = _("entered %(time)s") % {"time": _stamp(period.entered_at, start)}
            who = f"{who} · {entered}" if who else entered
        yield Entry(
            at=start,
            time=_time(start),
            text=text,
            who=who,
            why=_why(encounter, period, chart=chart),
            warning=_stands_out(period),
        )
        before = period


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


def _stamp(at: dt.datetime, beside: dt.datetime) -> str:
    """The time, with its day where that is another one."""
    if localtime(at).date() == localtime(beside).date():
        return _time(at)
    return date_format(localtime(at), "DATETIME_FORMAT")


def _why(encounter: Encounter, period: StatusPeriod, *, chart: bool) -> str:
    """A reason in free words may speak of the chart: without it, only a coded one is said."""
    if period.status == Status.CANCELLED and encounter.cancel_reason:
        labels = {str(value): str(label) for value, label in CancelReason.choices}
        parts = (labels[encounter.cancel_reason], encounter.cancel_text if chart else "")
        return ": ".join(part for part in parts if part)
    return period.reason if chart else ""


def _acts(
    events: Sequence[AuditEvent],
    *,
    chart: bool,
    labels: Mapping[str, str],
    vitals: Collection[str],
) -> Iterable[Entry]:
    """One line for each act; what one press made in several rows is one line with their number."""
    made: dict[tuple[object, ...], list[str]] = defaultdict(list)
    for event in events:
        made[_press(event)].append(event.object_id)
    told = set()
    for event in events:
        if event.act in IN_HISTORY or (not chart and _of_the_chart(event)):
            continue
        press = _press(event)
        if press in told:
            continue
        told.add(press)
        entry = _act(event, len(made[press]), labels)
        if len(made[press]) > 1 and all(pk in vitals for pk in made[press]):
            entry = replace(entry, bold="", text=_("vitals taken"))
        yield entry if chart else replace(entry, why="", href="")


def _press(event: AuditEvent) -> tuple[object, ...]:
    """What one press shares: its request; for rows that a command made, person and minute."""
    if event.request_id:
        return event.request_id, event.act
    if event.object_type == Encounter._meta.label_lower:
        return (event.pk,)
    return event.by_id, event.at.replace(second=0, microsecond=0), event.act


def _of_the_chart(event: AuditEvent) -> bool:
    return event.object_type.startswith(CHART_APPS) or event.object_type in CHART_TYPES


def _act(event: AuditEvent, count: int, labels: Mapping[str, str]) -> Entry:
    kind, _dot, verb = event.act.rpartition(".")
    on_visit = kind == "encounter"
    text = str(WORDS.get(event.act) or LAST_WORDS.get(verb) or verb.replace("_", " "))
    bold = ""
    if not on_visit:
        bold = labels.get(event.object_id, "") if count == 1 else ""
        bold = bold or _kind_words(event.object_type, count)
    return Entry(
        at=event.at,
        time=_time(event.at),
        bold=bold,
        text=text + _from_to(event) + _changed(event),
        who=name_of(event.by),
        why=event.reason,
        warning=verb in WARNING_ACTS,
        href=_versions(event) if verb in CHANGING and count == 1 else "",
    )


def _versions(event: AuditEvent) -> str:
    from records.versions import kind_of

    kind = kind_of(event.object_type)
    return reverse("records:row_versions", args=[kind, event.object_id]) if kind else ""


def _kind_words(object_type: str, count: int) -> str:
    """ "note", "3 observations": where the record itself was not read for this page."""
    from django.apps import apps

    meta = apps.get_model(object_type)._meta
    if count == 1:
        return str(meta.verbose_name)
    return f"{count} {meta.verbose_name_plural}"


def _from_to(event: AuditEvent) -> str:
    """ ": in progress → triaged", ": arrived 09:00 → 08:40", where the act says so."""
    labels = {str(value): str(label) for value, label in Status.choices}
    if event.act == "encounter.correct_time":
        old, new = (parse_datetime(event.detail.get(key) or "") for key in ("old", "new"))
        status = labels.get(event.detail.get("status", ""), "")
        return f": {status} {_stamp(old, new)} → {_stamp(new, old)}" if old and new else ""
    before, after = event.detail.get("from", ""), event.detail.get("to", "")
    if not (before and after) or before == after:
        return ""
    if event.object_type != Encounter._meta.label_lower or before not in labels:
        return ""
    return f": {labels[before]} → {labels.get(after, after)}"


def _changed(event: AuditEvent) -> str:
    """ ": reason, room" for a change; the values stay in the row's history."""
    if not event.act.endswith(".change") or not event.fields:
        return ""
    from django.apps import apps

    model = apps.get_model(event.object_type)
    names = []
    for field in event.fields:
        try:
            names.append(str(model._meta.get_field(field).verbose_name))
        except (FieldDoesNotExist, AttributeError):
            names.append(field.replace("_", " "))
    return ": " + ", ".join(dict.fromkeys(names))


def _with_days(encounter: Encounter, entries: Sequence[Entry]) -> Iterable[Entry]:
    """Days are said where the timeline leaves the visit's own day, or changes it."""
    moment = encounter.start or encounter.planned_start or encounter.end
    above = localtime(moment).date() if moment else None
    for entry in entries:
        day = localtime(entry.at).date()
        shown = date_format(day, "DATE_FORMAT") if day != above else ""
        above = day
        yield replace(entry, day=shown)
