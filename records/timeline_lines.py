"""The lines of a timeline: what one act of the audit trail says in words.

What one press made in several rows is one line. Nothing here asks the database.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.apps import apps
from django.core.exceptions import FieldDoesNotExist
from django.urls import reverse
from django.utils.dateparse import parse_datetime
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from clinik.acts import act_words
from clinik.models import AuditEvent
from encounters.models import Encounter
from encounters.models.encounter import Status
from records.versions import kind_of

CHART_APPS = ("records.",)
CHART_TYPES = (
    "encounters.diagnosis",
    "encounters.allergy",
    "encounters.noknownallergies",
    "encounters.amendmentrequest",
    "encounters.disclosure",
)
VISIT = Encounter._meta.label_lower
# What the page is about anyway: its acts stand without the name of a row before them.
UNNAMED = (
    VISIT,
    "encounters.patient",
    "encounters.patientmerge",
    "encounters.emergencyaccess",
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
# Whose line leads to the versions of the row.
CHANGING = ("change", "correct", "enter_in_error", "restore", "step_back", "correct_time")
WARNING_ACTS = (
    "enter_in_error", "step_back", "restore", "merge", "unmerge", "restrict", "unrestrict",
    "break_glass",
)  # fmt: skip


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
    # Where it was done, on a page that is about more than one visit: its words and its page.
    place: str = ""
    place_href: str = ""
    # That place is a visit entered in error.
    place_wrong: bool = False


def name_of(user: Any) -> str:
    """A login as the clinic calls it: the practitioner's short name, else the person's."""
    if user is None:
        return ""
    practitioner = getattr(user, "practitioner", None)
    return practitioner.short_name if practitioner else str(user)


def time_words(at: dt.datetime) -> str:
    return date_format(localtime(at), "TIME_FORMAT")


def stamp(at: dt.datetime, beside: dt.datetime) -> str:
    """The time, with its day where that is another one."""
    if localtime(at).date() == localtime(beside).date():
        return time_words(at)
    return date_format(localtime(at), "DATETIME_FORMAT")


def lines_of(
    events: Sequence[AuditEvent],
    *,
    chart: bool,
    labels: Mapping[str, str],
    vitals: Collection[str] = (),
) -> Iterable[tuple[AuditEvent, Entry]]:
    """One line for each press, with the event that it is told by, in the order of the events.

    `labels` names records by their ids; `vitals` holds the ids of vital signs, which taken
    together are one thing done. Without `chart` nothing of it is said, nor any reason.
    """
    shown = [
        event
        for event in events
        if event.act not in IN_HISTORY and (chart or not of_the_chart(event))
    ]
    made: dict[tuple[object, ...], list[str]] = defaultdict(list)
    for event in shown:
        made[_press(event)].append(event.object_id)
    told = set()
    for event in shown:
        press = _press(event)
        if press in told:
            continue
        told.add(press)
        entry = _line(event, len(made[press]), labels)
        if len(made[press]) > 1 and all(pk in vitals for pk in made[press]):
            entry = replace(entry, bold="", text=_("vitals taken"))
        yield event, entry if chart else replace(entry, why="", href="")


def of_the_chart(event: AuditEvent) -> bool:
    return event.object_type.startswith(CHART_APPS) or event.object_type in CHART_TYPES


def _press(event: AuditEvent) -> tuple[object, ...]:
    """What one press shares: its request; for rows that a command made, person and minute."""
    if event.request_id:
        return event.request_id, event.act
    if event.object_type in UNNAMED:
        return (event.pk,)
    return event.by_id, event.at.replace(second=0, microsecond=0), event.act


def _line(event: AuditEvent, count: int, labels: Mapping[str, str]) -> Entry:
    verb = event.act.rpartition(".")[2]
    bold = ""
    if event.object_type not in UNNAMED:
        bold = labels.get(event.object_id, "") if count == 1 else ""
        bold = bold or kind_words(event.object_type, count)
    return Entry(
        at=event.at,
        time=time_words(event.at),
        bold=bold,
        text=act_words(event.act) + _from_to(event) + _changed(event),
        who=name_of(event.by),
        why=event.reason,
        warning=verb in WARNING_ACTS,
        href=_versions(event) if verb in CHANGING and count == 1 else "",
    )


def kind_words(object_type: str, count: int) -> str:
    """ "note", "3 observations": where the record itself was not read for this page."""
    meta = apps.get_model(object_type)._meta
    if count == 1:
        return str(meta.verbose_name)
    return f"{count} {meta.verbose_name_plural}"


def _versions(event: AuditEvent) -> str:
    kind = kind_of(event.object_type)
    return reverse("records:row_versions", args=[kind, event.object_id]) if kind else ""


def _from_to(event: AuditEvent) -> str:
    """ ": in progress → triaged", ": arrived 09:00 → 08:40", where the act says so."""
    labels = {str(value): str(label) for value, label in Status.choices}
    if event.act == "encounter.correct_time":
        old, new = (parse_datetime(event.detail.get(key) or "") for key in ("old", "new"))
        status = labels.get(event.detail.get("status", ""), "")
        return f": {status} {stamp(old, new)} → {stamp(new, old)}" if old and new else ""
    before, after = event.detail.get("from", ""), event.detail.get("to", "")
    if not (before and after) or before == after:
        return ""
    if event.object_type != VISIT or before not in labels:
        return ""
    return f": {labels[before]} → {labels.get(after, after)}"


def _changed(event: AuditEvent) -> str:
    """ ": reason, room" for a change; the values stay in the row's history."""
    if not event.act.endswith(".change") or not event.fields:
        return ""
    model = apps.get_model(event.object_type)
    names = []
    for field in event.fields:
        try:
            names.append(str(model._meta.get_field(field).verbose_name))
        except (FieldDoesNotExist, AttributeError):
            names.append(field.replace("_", " "))
    return ": " + ", ".join(dict.fromkeys(names))
