"""What happens in a visit, as data: the stories are written in these words."""

import re
from dataclasses import dataclass

_SIGN = re.compile(r"(pain|hc|[pstrowh])(\d+(?:\.\d+)?)")
_NAMES = {
    "p": "pulse",
    "s": "spo2",
    "t": "temperature",
    "r": "respiration",
    "o": "oxygen",
    "w": "weight",
    "h": "height",
    "hc": "head",
    "pain": "pain",
}


def signs(line: str) -> dict[str, str]:
    """Values of record_vitals() from "128/82 p72 t36.8 s98 r16 A w70".

    Whose consciousness is written down breathes room air unless the line gives oxygen.
    """
    found: dict[str, str] = {}
    for word in line.split():
        if "/" in word:
            found["systolic"], found["diastolic"] = word.split("/")
        elif len(word) == 1:
            found["consciousness"] = word
        else:
            match = _SIGN.fullmatch(word)
            if match is None:
                raise ValueError(word)
            found[_NAMES[match[1]]] = match[2]
    if "consciousness" in found:
        found.setdefault("oxygen", "air")
    return found


@dataclass(frozen=True)
class Dx:
    """One diagnosis, ICD-10-CM; `problem` puts it on the problem list too."""

    code: str
    text: str
    use: str = ""
    rank: int | None = 1
    problem: bool = False


@dataclass(frozen=True)
class Rx:
    """One prescription, made active by the doctor of the visit."""

    medication: str
    dosage: str
    reason: str = ""
    quantity: str = ""
    refills: int | None = None


@dataclass(frozen=True)
class Step:
    """An earlier prescription of the patient stopped, held or resumed ("stop"), and why."""

    verb: str
    medication: str
    why: str = ""


@dataclass(frozen=True)
class Lab:
    """One observation by its LOINC code; `name` where the code table offers none."""

    code: str
    value: str
    unit: str = ""
    interpretation: str = ""
    low: str = ""
    high: str = ""
    name: str = ""


@dataclass(frozen=True)
class Text:
    """A note; `signed` False leaves it as a draft."""

    title: str
    content: str
    type: str = "progress-note"
    signed: bool = True
    by: str = ""


@dataclass(frozen=True)
class Think:
    """An assessment: the summary, and findings as (text, basis)."""

    summary: str
    findings: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Allergic:
    substance: str
    reaction: str
    severity: str = "moderate"
    category: str = "medication"
    criticality: str = "low"
    type: str = "allergy"


@dataclass(frozen=True)
class Script:
    """One visit. Minutes count from the arrival: `wait` until it starts, then `minutes` long.

    `triage` None: nobody triages. `vitals` are (minute, line of signs()); `admit` is (minute,
    ward), `leave` (minute, where to, minutes away), `cancel` (minute, CancelReason, more about it).
    `comes` False: the patient never arrives. `error` (ErrorAbout, why): entered in error.
    `hour`: the arrival's, where the story needs one.
    """

    type: str
    reason: str
    doctor: str = "doctor"
    nurse: str = "nurse"
    class_code: str = "AMB"
    service: str = ""
    priority: str = ""
    room: str = ""
    triage: int | None = 7
    wait: int = 18
    minutes: int = 22
    booked: bool = True
    comes: bool = True
    cancel: tuple[int, str, str] | None = None
    vitals: tuple[tuple[int, str], ...] = ()
    diagnoses: tuple[Dx, ...] = ()
    prescriptions: tuple[Rx | Step, ...] = ()
    labs: tuple[Lab, ...] = ()
    notes: tuple[Text, ...] = ()
    thoughts: tuple[Think, ...] = ()
    allergies: tuple[Allergic, ...] = ()
    no_allergies: bool = False
    admit: tuple[int, str] | None = None
    leave: tuple[int, str, int] | None = None
    disposition: str = ""
    error: tuple[str, str] | None = None
    hour: int | None = None
