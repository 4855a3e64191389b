"""The life of a visit on one screen: which step leads from where to where, and who may take it.

encounters.lifecycle holds the verbs themselves; the transition matrix test reads this table.
"""

from dataclasses import dataclass
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from clinik.transitions import StaleVersion, TransitionError, lock
from encounters.models import Encounter, StatusPeriod
from encounters.models.encounter import OPEN, Status

PLANNED, ARRIVED, TRIAGED = Status.PLANNED, Status.ARRIVED, Status.TRIAGED
IN_PROGRESS, ONLEAVE, FINISHED = Status.IN_PROGRESS, Status.ONLEAVE, Status.FINISHED
CANCELLED, IN_ERROR, UNKNOWN = Status.CANCELLED, Status.ENTERED_IN_ERROR, Status.UNKNOWN

LIVE = frozenset(Status) - {IN_ERROR, UNKNOWN}


@dataclass(frozen=True)
class Verb:
    """One step. `targets` are the statuses it may lead to; empty = the status stays."""

    name: str
    sources: frozenset[Status]
    targets: frozenset[Status]
    permission: str
    label: Any


def _verb(name: str, sources: Any, targets: Any, permission: str, label: Any) -> Verb:
    return Verb(name, frozenset(sources), frozenset(targets), f"encounters.{permission}", label)


# In the order of likelihood, which is the order in which a page offers them.
_TABLE = (
    _verb(
        "arrive",
        [PLANNED],
        [ARRIVED],
        "arrive_encounter",
        gettext_lazy("Arrived"),
    ),
    _verb(
        "triage",
        [PLANNED, ARRIVED],
        [TRIAGED],
        "triage_encounter",
        gettext_lazy("Triage"),
    ),
    _verb(
        "start",
        [PLANNED, ARRIVED, TRIAGED],
        [IN_PROGRESS],
        "start_encounter",
        gettext_lazy("Start"),
    ),
    _verb("resume", [ONLEAVE], [IN_PROGRESS], "leave_encounter", gettext_lazy("Back")),
    _verb(
        "finish",
        [IN_PROGRESS, ONLEAVE],
        [FINISHED],
        "finish_encounter",
        gettext_lazy("Close visit"),
    ),
    _verb("leave", [IN_PROGRESS], [ONLEAVE], "leave_encounter", gettext_lazy("On leave")),
    _verb("admit", OPEN, [], "admit_encounter", gettext_lazy("Admit")),
    _verb("move_room", OPEN, [], "move_room_encounter", gettext_lazy("Change room")),
    _verb("hand_over", [PLANNED, *OPEN], [], "hand_over_encounter", gettext_lazy("Hand over")),
    _verb(
        "cancel",
        [PLANNED, ARRIVED, TRIAGED],
        [CANCELLED],
        "cancel_encounter",
        gettext_lazy("Cancel visit"),
    ),
    _verb(
        "uncancel",
        [CANCELLED],
        [PLANNED, ARRIVED],
        "cancel_encounter",
        gettext_lazy("Undo the cancel"),
    ),
    _verb("reopen", [FINISHED], [IN_PROGRESS], "reopen_encounter", gettext_lazy("Reopen")),
    _verb(
        "clarify",
        [UNKNOWN],
        LIVE | {IN_ERROR},
        "reopen_encounter",
        gettext_lazy("Set the status"),
    ),
    _verb(
        "correct_time",
        LIVE - {PLANNED},
        [],
        "correct_time_encounter",
        gettext_lazy("Correct a time"),
    ),
    _verb(
        "enter_in_error",
        LIVE,
        [IN_ERROR],
        "enter_in_error_encounter",
        gettext_lazy("Entered in error"),
    ),
    _verb("restore", [IN_ERROR], LIVE, "restore_encounter", gettext_lazy("Restore")),
)
VERBS: dict[str, Verb] = {verb.name: verb for verb in _TABLE}

# Undoing these is another act than taking the step again, so "already there" needs the same verb.
_RETURNING = {"resume", "reopen", "uncancel", "clarify"}


def require(by: Any, permission: str) -> None:
    """Raise PermissionDenied, in words, unless `by` may."""
    if by is None or not by.has_perm(permission):
        raise PermissionDenied(_("Your role does not allow this."))


def standing_periods(encounter: Encounter) -> list[StatusPeriod]:
    """The status history, oldest first; the last one is the open interval."""
    return list(StatusPeriod.objects.filter(encounter=encounter).standing())


def open_period(periods: list[StatusPeriod]) -> StatusPeriod | None:
    """The interval of the present status; None where an import sent none."""
    return periods[-1] if periods and periods[-1].end is None else None


def take(
    encounter: Encounter, verb: Verb, *, by: Any, version: int | None
) -> tuple[Encounter, list[StatusPeriod], bool]:
    """The visit under its lock, its status history, and whether `by` has taken this step already.

    Call inside a transaction. Raises StaleVersion and TransitionError.
    """
    fresh = lock(encounter)
    periods = standing_periods(fresh)
    if _already(fresh, open_period(periods), verb, by):
        return fresh, periods, True
    if version is not None and fresh.version != version:
        raise StaleVersion(fresh)
    if fresh.status not in verb.sources:
        raise TransitionError(
            _("“%(verb)s” is not possible now: the visit is “%(status)s”.")
            % {"verb": verb.label, "status": fresh.get_status_display()},
            current=fresh.status,
        )
    return fresh, periods, False


def _already(fresh: Encounter, current: StatusPeriod | None, verb: Verb, by: Any) -> bool:
    if fresh.status not in verb.targets or fresh.status in verb.sources:
        return False
    if current is None or current.by_id is None or current.by_id != by.pk:
        return False
    return verb.name not in _RETURNING or current.before.get("verb") == verb.name


def allowed_verbs(encounter: Encounter, user: Any) -> list[str]:
    """Names of the steps that lead on from here and that the user may take, likeliest first.

    Needs no query besides the user's permissions; a step may still ask for more (a reason, what is
    missing). A visit without records may be entered in error by the front desk too.
    """
    return [
        verb.name
        for verb in _TABLE
        if encounter.status in verb.sources and _may(user, verb) and _fits(encounter, verb)
    ]


def _may(user: Any, verb: Verb) -> bool:
    if verb.name == "enter_in_error":
        return user.has_perm(verb.permission) or user.has_perm(
            "encounters.enter_in_error_empty_encounter"
        )
    return bool(user.has_perm(verb.permission))


def _fits(encounter: Encounter, verb: Verb) -> bool:
    return verb.name != "admit" or encounter.class_code == "EMER"


def next_verb(encounter: Encounter, user: Any) -> str | None:
    """The one step that the page's filled button takes, or None.

    A virtual or home visit has no arrival. Who may admit treats, and goes from arrival straight to
    the start; others triage first, and emergencies are always triaged first.
    """
    no_arrival = encounter.class_code in ("VR", "HH")
    treats = user.has_perm(VERBS["admit"].permission) and encounter.class_code != "EMER"
    likely = {
        PLANNED: "start" if no_arrival else "arrive",
        ARRIVED: "start" if no_arrival or treats else "triage",
        TRIAGED: "start",
        IN_PROGRESS: "finish",
        ONLEAVE: "resume",
    }.get(Status(encounter.status))
    return likely if likely and user.has_perm(VERBS[likely].permission) else None


def require_reason(text: str, *, field: str = "reason", limit: int = 500) -> str:
    """The reason without blanks around it; ValidationError where it is missing or too long."""
    text = text.strip()
    if not text:
        raise ValidationError({field: _("Give a reason.")})
    if len(text) > limit:
        raise ValidationError(
            {field: _("Use at most %(limit)d characters here.") % {"limit": limit}}
        )
    return text
