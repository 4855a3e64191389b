"""Today's board, left half: who is planned, has arrived, is triaged."""

from dataclasses import dataclass, replace

from encounters.models.encounter import Status
from records.demo.people import Person
from records.demo.script import Allergic, Lab, Script

LATER = 10_000


@dataclass(frozen=True)
class Slot:
    """`age`: minutes since the arrival; below zero for what is planned. `people` come first,
    then anybody of these years (and sex) who is free. A `stay` may have begun before today."""

    name: str
    column: Status
    age: int
    script: Script
    people: tuple[str, ...] = ()
    years: tuple[int, int] = (18, 85)
    gender: str = ""

    @property
    def stay(self) -> bool:
        return self.script.admit is not None

    @property
    def stands_in(self) -> tuple[Status, ...]:
        if self.column == Status.IN_PROGRESS:
            return (Status.IN_PROGRESS, Status.ONLEAVE)
        return (self.column,)

    def suits(self, person: Person) -> bool:
        first, last = self.years
        return first <= person.years <= last and self.gender in ("", person.gender)


def _waits(script: Script) -> Script:
    """Nobody has triaged or called the patient yet."""
    return replace(script, triage=None, wait=LATER)


def _triaged(script: Script, minute: int = 6) -> Script:
    return replace(script, triage=minute, wait=LATER)


_CHECK_UP = Script(
    type="Check-up",
    reason="Yearly check-up",
    room="Room 2",
    vitals=((9, "126/78 p70 t36.6 s98 r14"),),
)

PLANNED = (
    Slot(
        "planned-pressure",
        Status.PLANNED,
        -15,
        replace(
            _CHECK_UP,
            type="Follow-up",
            reason="Blood pressure, three months on the new tablet",
        ),
        ("Castellanos Rivadeneyra José María",),
        (45, 80),
    ),
    Slot(
        "planned-vaccination",
        Status.PLANNED,
        -30,
        replace(
            _CHECK_UP,
            type="Immunisation",
            reason="Tetanus booster",
            doctor="doctor2",
            room="Room 4",
        ),
        ("Eriksen Robin",),
        (18, 60),
    ),
    Slot(
        "planned-call",
        Status.PLANNED,
        -50,
        replace(
            _CHECK_UP,
            type="Telephone consultation",
            reason="Results of the thyroid tests",
            class_code="VR",
            room="",
        ),
        ("Achterberg Lotte",),
        (18, 80),
    ),
    Slot(
        "planned-child",
        Status.PLANNED,
        -75,
        replace(
            _CHECK_UP,
            reason="Two-year check",
            doctor="paewai",
            room="Room 5",
        ),
        ("Novotná Eliška",),
        (1, 6),
    ),
    Slot(
        "planned-home",
        Status.PLANNED,
        -120,
        replace(
            _CHECK_UP,
            type="Home visit",
            reason="Dressing of a leg ulcer",
            class_code="HH",
            doctor="doctor2",
            nurse="mokoena",
            room="",
        ),
        ("Ogunleye Ezekiel Babatunde",),
        (70, 99),
    ),
    Slot(
        "planned-late",
        Status.PLANNED,
        22,
        replace(
            _CHECK_UP,
            type="Consultation",
            reason="Shoulder pain since the move",
            comes=False,
        ),
        ("Vasquez Rigoberto",),
    ),
)

ARRIVED = (
    Slot(
        "arrived-long",
        Status.ARRIVED,
        47,
        _waits(
            Script(
                type="Consultation",
                reason="Cough for three weeks",
                room="Room 1",
            )
        ),
        ("Haugen Ingrid",),
        (40, 90),
    ),
    Slot(
        "arrived-alike",
        Status.ARRIVED,
        16,
        _waits(
            Script(
                type="Consultation",
                reason="Repeat prescription, dizzy in the mornings",
                doctor="doctor2",
                room="Room 3",
            )
        ),
        ("Haugen Ingeborg",),
        (30, 80),
    ),
    Slot(
        "arrived-walk-in",
        Status.ARRIVED,
        8,
        _waits(
            Script(
                type="Walk-in",
                reason="Twisted ankle on the stairs",
                booked=False,
                room="Room 1",
            )
        ),
        ("Sørensen Mikkel",),
        (14, 60),
    ),
    Slot(
        "arrived-interpreter",
        Status.ARRIVED,
        4,
        _waits(
            Script(
                type="Antenatal visit",
                reason="Antenatal check, 24 weeks",
                doctor="haddadian",
                room="Room 6",
            )
        ),
        ("Diallo Fatoumata",),
        (20, 42),
        "female",
    ),
)

_SEPSIS = Script(
    type="Emergency visit", reason="Fever, shaking and confusion since this morning",
    class_code="EMER", booked=False, doctor="sorboen", nurse="makinen", priority="EM",
    room="Emergency bay 2",
    vitals=((5, "112/66 p108 t38.6 s94 r22 A pain3"), (14, "96/58 p124 t38.9 s90 r26 o4 C")),
    labs=(Lab("6690-2", "19.4", "10*9/L", "H", "4.0", "11.0"),),
)  # fmt: skip

TRIAGED = (
    Slot(
        "triaged-sepsis",
        Status.TRIAGED,
        19,
        replace(
            _triaged(_SEPSIS, 3),
            allergies=(Allergic("Penicillin V", "Hives within an hour", criticality="high"),),
        ),
        ("Ohene-Mensah Kwabena",),
        (60, 90),
    ),
    Slot(
        "triaged-fever",
        Status.TRIAGED,
        27,
        _triaged(
            Script(
                type="Consultation",
                reason="Earache and fever since last night",
                doctor="paewai",
                room="Room 5",
                booked=False,
                priority="A",
                vitals=((12, "p124 t38.9 s98 r26 w17.2"),),
            ),
            10,
        ),
        ("Rodrigues Tiago",),
        (3, 6),
    ),
    Slot(
        "triaged-back",
        Status.TRIAGED,
        24,
        _triaged(
            Script(
                type="Consultation",
                reason="Back pain after lifting",
                doctor="doctor2",
                room="Room 3",
                vitals=((12, "134/84 p76 t36.7 s98 r15 A pain6"),),
            ),
            11,
        ),
        ("Tuilagi-Faleolo Sione",),
        (25, 65),
    ),
)
