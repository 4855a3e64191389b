"""Everything the visit page shows, in frozen shapes; one query a section, constant in rows."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.urls import NoReverseMatch, reverse
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from clinik import clock, codes
from clinik.clock import Precision
from encounters import lifecycle
from encounters.closing import before_discharge
from encounters.diagnosis_list import Diagnoses, load_diagnoses
from encounters.models import Encounter, EncounterParticipant, StatusPeriod
from encounters.models.encounter import Priority, Status
from records.board_cards import minutes_words, step_label, waited
from records.note_section import NotesSection
from records.observations_section import ObservationsSection
from records.obstacles import acknowledge_it, not_acknowledged, sign_it
from records.sections import (
    AssessmentsSection,
    PrescriptionsSection,
    VitalsSection,
    observations_of,
)
from records.stay import participant_words, plan_facts, stay_facts
from records.timeline import Timeline, load_timeline, name_of

# The verbs of a visit that are a page of their own; the others are one press.
VERB_PAGES = {
    "leave": "encounter_leave",
    "finish": "encounter_close",
    "cancel": "encounter_cancel",
    "reopen": "encounter_reopen",
    "admit": "encounter_admit",
    "move_room": "encounter_room",
    "hand_over": "encounter_hand_over",
    "correct_time": "encounter_times",
    "enter_in_error": "encounter_error",
    "restore": "encounter_restore",
    "step_back": "encounter_step_back",
}
# Offered beside the filled button; the rest stands under "More".
BESIDE = ("leave", "restore", "reopen", "uncancel")


@dataclass(frozen=True)
class Action:
    """One button: `verb` is pressed at once; `page` is the URL name of the page that asks first."""

    verb: str
    label: str
    page: str = ""


@dataclass(frozen=True)
class Header:
    title: str
    status: str
    status_words: str
    sub: str
    reason: str
    day: str
    not_today: bool
    ended: str
    next: Action | None
    beside: tuple[Action, ...]
    more: tuple[Action, ...]
    error: str
    error_about: str
    participants: tuple[str, ...]
    facts: tuple[tuple[str, str], ...]
    can_edit: bool


@dataclass(frozen=True)
class VisitPage:
    """`sections` is empty for those who see no chart; `closing` is what stands in the way."""

    header: Header
    sections: tuple[Any, ...]
    diagnoses: Diagnoses | None
    closing: tuple["Before", ...] | None
    timeline: Timeline


def load_visit(encounter: Encounter, user: Any, *, add: str = "", show_all: str = "") -> VisitPage:
    """The whole page. `add` names the section whose form is open, `show_all` one shown wholly."""
    chart = user.has_perm("encounters.view_chart")
    periods = load_periods(encounter)
    sections = load_sections(encounter, user) if chart else ()
    sections = tuple(replace(one, whole=True) if one.kind == show_all else one for one in sections)
    diagnoses = load_diagnoses(encounter, user) if chart else None
    labels = _labels(sections, diagnoses)
    return VisitPage(
        header=load_header(encounter, user, periods),
        sections=sections,
        diagnoses=diagnoses,
        closing=_closing(encounter, user, sections, diagnoses) if diagnoses else None,
        timeline=load_timeline(
            encounter,
            periods,
            chart=chart,
            labels=labels,
            vitals=_vitals(sections),
            show_all=show_all == "timeline",
        ),
    )


def load_sections(encounter: Encounter, user: Any) -> tuple[Any, ...]:
    """The five sections of records, in the order of the page; each row is read once."""
    observations = observations_of(encounter, user)
    return (
        VitalsSection.load(encounter, user, observations),
        NotesSection.load(encounter, user),
        PrescriptionsSection.load(encounter, user),
        AssessmentsSection.load(encounter, user),
        ObservationsSection.load(encounter, user, observations),
    )


@dataclass(frozen=True)
class Before:
    """One thing to do before closing; `href` is empty where this user has no page to do it on."""

    text: str
    href: str
    key: str


def _closing(
    encounter: Encounter, user: Any, sections: Sequence[Any], diagnoses: Diagnoses
) -> tuple[Before, ...] | None:
    """What lifecycle.missing() would say, from rows that are here; None before closing is next."""
    if encounter.status not in (Status.IN_PROGRESS, Status.ONLEAVE):
        return None
    vitals, notes, others = sections[0], sections[1], sections[4]
    drafts = [
        row.record for note, more in replace(notes, whole=True).threads for row in (note, *more)
    ]
    judged = [(row.record, reading) for row, reading in vitals.readings]
    judged += [(row.record, None) for row in others.rows]
    stay = getattr(encounter, "hospitalization", None)
    found = [
        *(sign_it(note) for note in drafts if note.status == "preliminary" and not note.source),
        *map(acknowledge_it, not_acknowledged(one for one in judged if not one[0].source)),
        *before_discharge(
            encounter,
            diagnosis=any(row.is_discharge for row in diagnoses.rows),
            disposition=bool(stay and (stay.disposition_code or stay.disposition_text)),
        ),
    ]
    return tuple(Before(one.text, _href(one) if one.is_for(user) else "", one.key) for one in found)


def _href(obstacle: lifecycle.Obstacle) -> str:
    try:
        return reverse(obstacle.url_name, kwargs=obstacle.url_kwargs)
    except NoReverseMatch:
        return ""


def _vitals(sections: Sequence[Any]) -> frozenset[str]:
    """The ids of the vital signs among the records that the page has read."""
    taken = (one for one in sections if isinstance(one, VitalsSection))
    return frozenset(str(row.pk) for one in taken for row in (*one.rows, *one.wrong))


def _labels(sections: Sequence[Any], diagnoses: Diagnoses | None) -> dict[str, str]:
    """Names of the records of this page by their id, for the timeline."""
    labels = {
        str(row.pk): str(row.record)
        for section in sections
        for row in (*section.rows, *section.wrong, *getattr(section, "reports", ()))
    }
    if diagnoses is not None:
        labels |= {str(row.pk): row.words for row in (*diagnoses.rows, *diagnoses.wrong)}
    return labels


def load_periods(encounter: Encounter) -> list[StatusPeriod]:
    """The status history, oldest first, with who took each step: one query."""
    return list(
        StatusPeriod.objects.filter(encounter=encounter)
        .standing()
        .select_related("by", "by__practitioner")
    )


def load_header(encounter: Encounter, user: Any, periods: list[StatusPeriod]) -> Header:
    """Who, what, where and since when, and the steps from here: one query for the participants."""
    chart = user.has_perm("encounters.view_chart")
    moment = encounter.start or encounter.planned_start or encounter.end
    day = localtime(moment).date() if moment else None
    verbs = lifecycle.allowed_verbs(encounter, user)
    following = lifecycle.next_verb(encounter, user)
    actions = [
        _action(verb, encounter) for verb in verbs if verb != following and verb != "clarify"
    ]
    beside = [action for action in actions if action.verb in BESIDE]
    rest = [action for action in actions if action.verb not in BESIDE]
    if "enter_in_error" in verbs and not encounter.source:
        rest.append(Action("move_to_patient", _("Wrong patient"), "records:encounter_move"))
    back = lifecycle.can_step_back(encounter, user, periods)
    if back:
        rest.insert(0, Action("step_back", _("Take the last step back"), _page("step_back", back)))
    return Header(
        title=encounter.title,
        status=encounter.status,
        status_words=_status_words(encounter, periods),
        sub=" · ".join(part for part in _sub(encounter, day) if part),
        reason=str(codes.read(encounter, "reason")),
        day=date_format(day, "DATE_FORMAT") if day else _("date unknown"),
        not_today=day != clock.today() and not encounter.is_in_error,
        ended=_ended(encounter),
        next=_action(following, encounter) if following else None,
        beside=tuple(beside),
        more=tuple(rest),
        error=_error(encounter, periods, chart=chart),
        error_about=encounter.get_error_about_display(),
        participants=_participants(encounter),
        facts=_facts(encounter, chart=chart),
        can_edit=user.has_perm("encounters.change_encounter") and not encounter.is_in_error,
    )


def _action(verb: str, encounter: Encounter) -> Action:
    page = VERB_PAGES.get(verb, "")
    return Action(
        verb, step_label(verb, encounter.class_code), f"encounters:{page}" if page else ""
    )


def _page(verb: str, how: str) -> str:
    """Where Undo leads: a press at once, or the page that asks why."""
    return f"encounters:{VERB_PAGES[verb]}" if how == "reason" else ""


def _status_words(encounter: Encounter, periods: Sequence[StatusPeriod]) -> str:
    """ "in progress · 14 min": the time in the present status, while the visit is open."""
    words = encounter.get_status_display()
    if not encounter.is_open:
        return words
    since = periods[-1].start if periods and periods[-1].end is None else encounter.start
    return f"{words} · {minutes_words(waited(since))}" if since else words


def _sub(encounter: Encounter, day: Any) -> list[str]:
    practitioner = encounter.practitioner
    moment = encounter.start or encounter.planned_start
    when = ""
    if moment and encounter.start_precision == Precision.INSTANT:
        time = date_format(localtime(moment), "TIME_FORMAT")
        if encounter.status == Status.PLANNED:
            when = _("planned for %(time)s") % {"time": time}
        elif encounter.is_open:
            when = _("since %(time)s") % {"time": time}
        else:
            when = time
    return [
        encounter.class_code or encounter.class_words,
        practitioner.short_name if practitioner else _("nobody yet"),
        encounter.location,
        when,
    ]


def _ended(encounter: Encounter) -> str:
    """ "closed 09:45, 45 min"."""
    if encounter.end is None or encounter.is_open:
        return ""
    end = date_format(localtime(encounter.end), "TIME_FORMAT")
    if encounter.length_minutes is None:
        return _("ended %(time)s") % {"time": end}
    length = minutes_words(encounter.length_minutes)
    if encounter.length_corrected:
        length += " " + _("(corrected)")
    return _("ended %(time)s, %(length)s") % {"time": end, "length": length}


def _error(encounter: Encounter, periods: Sequence[StatusPeriod], *, chart: bool) -> str:
    """Who put the visit aside, when and why; empty for any other visit.

    Reasons in free words may speak of the chart: only who sees it reads them.
    """
    if not encounter.is_in_error:
        return ""
    last = periods[-1] if periods and periods[-1].status == Status.ENTERED_IN_ERROR else None
    reason = encounter.error_reason or (last.reason if last else "")
    if last is None or last.start is None:
        return reason if chart else ""
    said = {
        "who": name_of(last.by) or _("an import"),
        "when": date_format(localtime(last.entered_at), "DATETIME_FORMAT"),
        "why": reason or _("no reason given"),
    }
    return (_("by %(who)s on %(when)s: %(why)s") if chart else _("by %(who)s on %(when)s")) % said


def _participants(encounter: Encounter) -> tuple[str, ...]:
    rows = EncounterParticipant.objects.filter(encounter=encounter, removed=False)
    return tuple(
        participant_words(row)
        for row in rows.select_related("practitioner")
        if row.practitioner_id is None or row.practitioner_id != encounter.practitioner_id
    )


def _facts(encounter: Encounter, *, chart: bool) -> tuple[tuple[str, str], ...]:
    """What the head has no room for; only what is filled."""
    labels = {str(value): str(label) for value, label in Priority.choices}
    priority = labels.get(encounter.priority, encounter.priority)
    facts = [
        (_("Service"), str(codes.read(encounter, "service_type"))),
        (_("Priority"), priority),
        (_("Organisation"), encounter.service_provider),
        (_("On leave to"), encounter.leave_to if encounter.status == Status.ONLEAVE else ""),
        (_("Cancelled"), _cancelled(encounter, chart=chart)),
        (_("Part of"), str(encounter.part_of) if encounter.part_of else ""),
        (_("Recorded"), _("afterwards") if encounter.entered_late else ""),
        *plan_facts(encounter),
        *(stay_facts(encounter) if chart else ()),
    ]
    return tuple((label, value) for label, value in facts if value)


def _cancelled(encounter: Encounter, *, chart: bool) -> str:
    parts = (encounter.get_cancel_reason_display(), encounter.cancel_text if chart else "")
    return ": ".join(part for part in parts if part) if encounter.cancel_reason else ""
