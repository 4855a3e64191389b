"""The history page of a row: each change with who, when, which act, why, and from what to what.

Values come from the row's versions (simple-history), acts and reasons from the audit trail; a
table without versions shows its acts alone.
"""

import datetime as dt
from dataclasses import dataclass, field
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import models
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _

from clinik import audit
from clinik.acts import act_words
from clinik.forms import shown
from clinik.models import AuditEvent

# Newest first; what is older stands in the audit trail.
MOST = 100

_UNSHOWN = {"version", "updated", "created", "source", "id"}


@dataclass(frozen=True)
class Change:
    label: str
    before: str
    after: str


@dataclass
class Entry:
    """One line: a version of the row, an act upon it, or both."""

    at: dt.datetime
    who: str
    what: str
    why: str = ""
    changes: list[Change] = field(default_factory=list)


def entries_of(row: models.Model) -> list[Entry]:
    """Changes and acts, newest first; two queries, views left out."""
    events = list(
        AuditEvent.objects.filter(object_type=row._meta.label_lower, object_id=str(row.pk))
        .exclude(action=AuditEvent.Action.READ)
        .select_related("by")[:MOST]
    )
    versions = _versions(row)
    by_version: dict[Any, AuditEvent] = {}
    for act in reversed(events):
        by_version.setdefault(act.version, act)
    used: set[int] = set()
    found = []
    for number, version in enumerate(versions[:MOST]):
        event: AuditEvent | None = by_version.get(getattr(version, "version", None))
        former = versions[number + 1] if number + 1 < len(versions) else None
        entry = _entry(version, former, event)
        if event is not None:
            used.add(event.pk)
        found.append(entry)
    found += [_act(act) for act in events if act.pk not in used]
    return sorted(found, key=lambda entry: entry.at, reverse=True)


def _versions(row: models.Model) -> list[Any]:
    history = getattr(row, "history", None)
    if history is None or not hasattr(history, "model"):
        return []
    rows = history.select_related("history_user")._select_related_history_tracked_objs()
    return list(rows.order_by("-history_date", "-history_id")[: MOST + 1])


def _entry(version: Any, former: Any, event: AuditEvent | None) -> Entry:
    who = version.history_user or (event.by if event else None)
    kind = {"+": _("created"), "~": _("changed"), "-": _("removed")}[version.history_type]
    return Entry(
        at=version.history_date,
        who=_name(who),
        what=act_words(event.act) if event else kind,
        why=version.history_change_reason or (event.reason if event else ""),
        changes=_changes(version, former) if former is not None else [],
    )


def _changes(version: Any, former: Any) -> list[Change]:
    return [
        Change(str(column.verbose_name), _words(former, column), _words(version, column))
        for column in version.tracked_fields
        if column.name not in _UNSHOWN
        and getattr(version, column.attname) != getattr(former, column.attname)
    ]


def _words(version: Any, column: Any) -> str:
    value = getattr(version, column.attname)
    if isinstance(column, models.ForeignKey) and value is not None:
        try:
            return str(getattr(version, column.name))
        except models.ObjectDoesNotExist:
            return str(value)
    return str(dict(column.flatchoices).get(value) or shown(value))


def _act(event: AuditEvent) -> Entry:
    return Entry(event.at, _name(event.by), act_words(event.act), event.reason)


def _name(user: Any) -> str:
    if user is None:
        return _("the system")
    return f"{user} ({user.username})" if str(user) != user.username else user.username


class HistoryPage:
    """The history page, for a ModelAdmin."""

    def history_view(
        self: Any, request: HttpRequest, object_id: str, extra_context: Any = None
    ) -> HttpResponse:
        row = self.get_object(request, object_id)
        if row is None:
            raise Http404
        if not self.has_view_or_change_permission(request, row):
            raise PermissionDenied
        if self.about_people:
            audit.record_view(row, by=request.user)
        context = {
            **self.admin_site.each_context(request),
            "title": _("History of %s") % row,
            "entries": entries_of(row),
            "object": row,
            "opts": self.opts,
            **(extra_context or {}),
        }
        return TemplateResponse(request, "admin/object_history.html", context)
