"""The verbs of a visit: the one door by which a form, the admin, a command or an API changes it.

Every verb is keyword-only but for its row, needs the actor `by`, and checks that actor's
permission. `version` is the visit's version as the person saw it. Raised: ValidationError keyed by
field (also SecondOpen and Missing), PermissionDenied, TransitionError, StaleVersion. A verb that
the same person repeats on a visit already there answers as success and writes nothing.

encounters.steps holds the table: from where to where, and who may.
"""

from encounters.closing import Mending, Missing, Obstacle, encounter_closing, finish, missing
from encounters.handing_over import hand_over_all
from encounters.opening import (
    SecondOpen,
    create_imported,
    open_encounter,
    open_visit_of,
    record_past_encounter,
    update_imported,
)
from encounters.staying import (
    admit,
    change_encounter,
    hand_over,
    move_room,
    set_hospitalization,
    set_participants,
)
from encounters.stepping import (
    arrive,
    cancel,
    clarify,
    leave,
    reopen,
    resume,
    start,
    triage,
    uncancel,
)
from encounters.steps import VERBS, Verb, allowed_verbs, next_verb
from encounters.times import correct_length, correct_time, last_end, lengths
from encounters.undoing import (
    can_step_back,
    encounter_stepping_back,
    enter_in_error,
    holds_records,
    restore,
    step_back,
)

__all__ = [
    "VERBS",
    "Mending",
    "Missing",
    "Obstacle",
    "SecondOpen",
    "Verb",
    "admit",
    "allowed_verbs",
    "arrive",
    "can_step_back",
    "cancel",
    "change_encounter",
    "clarify",
    "correct_length",
    "correct_time",
    "create_imported",
    "encounter_closing",
    "encounter_stepping_back",
    "enter_in_error",
    "finish",
    "hand_over",
    "hand_over_all",
    "holds_records",
    "last_end",
    "leave",
    "lengths",
    "missing",
    "move_room",
    "next_verb",
    "open_encounter",
    "open_visit_of",
    "record_past_encounter",
    "reopen",
    "restore",
    "resume",
    "set_hospitalization",
    "set_participants",
    "start",
    "step_back",
    "triage",
    "uncancel",
    "update_imported",
]
