"""NEWS2, the National Early Warning Score 2 (Royal College of Physicians, London 2017).

For people of 16 and over who are not pregnant. Computed when shown, never stored. Temperature is
rounded to 0.1 and the rest to whole numbers before it is looked up (halves up).
"""

from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from typing import Literal

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from clinik.ages import Age
from records.vitals import as_decimal, rounded

Band = Literal["low", "low-medium", "medium", "high"]
Value = str | int | float | Decimal | None

FROM_YEARS = 16
SIGNS = {
    "respiration": gettext_lazy("respiration"),
    "spo2": gettext_lazy("SpO2"),
    "oxygen": gettext_lazy("oxygen or air"),
    "systolic": gettext_lazy("blood pressure"),
    "pulse": gettext_lazy("pulse"),
    "consciousness": gettext_lazy("consciousness"),
    "temperature": gettext_lazy("temperature"),
}

# (up to and including, points), lowest first; the last has no upper end.
_Steps = tuple[tuple[str, int], ...]
_STEPS: dict[str, _Steps] = {
    "respiration": (("8", 3), ("11", 1), ("20", 0), ("24", 2), ("Infinity", 3)),
    "spo2": (("91", 3), ("93", 2), ("95", 1), ("Infinity", 0)),
    "systolic": (("90", 3), ("100", 2), ("110", 1), ("219", 0), ("Infinity", 3)),
    "pulse": (("40", 3), ("50", 1), ("90", 0), ("110", 1), ("130", 2), ("Infinity", 3)),
    "temperature": (("35.0", 3), ("36.0", 1), ("38.0", 0), ("39.0", 1), ("Infinity", 2)),
}
# SpO2 scale 2, for a target of 88 to 92 %. On air everything from 88 on is 0.
_SCALE_2: _Steps = (("83", 3), ("85", 2), ("87", 1), ("Infinity", 0))
_SCALE_2_OXYGEN: _Steps = (
    ("83", 3), ("85", 2), ("87", 1), ("92", 0), ("94", 1), ("96", 2), ("Infinity", 3),
)  # fmt: skip


@dataclass(frozen=True)
class NewsInput:
    """What was measured at one time, in /min, %, mm[Hg] and Cel; None and empty mean not measured.

    `oxygen`: True on oxygen, False on air. `consciousness`: a letter of A C V P U.
    """

    respiration: Value = None
    spo2: Value = None
    oxygen: bool | None = None
    systolic: Value = None
    pulse: Value = None
    consciousness: str = ""
    temperature: Value = None


@dataclass(frozen=True)
class News2:
    """`total` is at least that much where parts are `missing` (keys of SIGNS).

    `points` holds the measured signs only. `words` is empty, "urgent review" or "emergency".
    """

    total: int
    missing: tuple[str, ...]
    points: dict[str, int] = field(default_factory=dict)

    @property
    def complete(self) -> bool:
        return not self.missing

    @property
    def band(self) -> Band:
        if self.total >= 7:
            return "high"
        if self.total >= 5:
            return "medium"
        return "low-medium" if 3 in self.points.values() else "low"

    @property
    def css(self) -> str:
        """The word of the band in the style sheet."""
        return {"low": "low", "high": "emergency"}.get(self.band, "urgent")

    @property
    def words(self) -> str:
        if self.band == "high":
            return _("emergency")
        return "" if self.band == "low" else _("urgent review")

    @property
    def text(self) -> str:
        if self.complete:
            return _("NEWS2 %(total)s") % {"total": self.total}
        missing = ", ".join(str(SIGNS[sign]) for sign in self.missing)
        return _("NEWS2 at least %(total)s, without %(missing)s") % {
            "total": self.total,
            "missing": missing,
        }

    def __str__(self) -> str:
        return f"{self.text}: {self.words}" if self.words else self.text


def why_not_scored(age: Age | None, *, pregnant: bool) -> str:
    """Why there is no NEWS2 for this person; empty where there is one."""
    if pregnant:
        return _("No NEWS2: pregnant")
    if age is None:
        return _("No NEWS2: age unknown")
    old_enough = age.at_least(FROM_YEARS)
    if old_enough is None:
        return _("No NEWS2: age not known exactly enough")
    return "" if old_enough else _("No NEWS2: under 16")


def news2(
    reading: NewsInput, *, age: Age | None, pregnant: bool, scale2: bool = False
) -> News2 | None:
    """The score; None where `why_not_scored` has a reason, and where nothing was measured.

    A part not measured is missing, never taken as normal. `scale2` only where a clinician set the
    target of 88 to 92 %; without knowing whether oxygen is given, a saturation from 93 on counts 0
    there, so that the total is still "at least".
    """
    if why_not_scored(age, pregnant=pregnant):
        return None
    points = {sign: score for sign in SIGNS if (score := _score(sign, reading, scale2)) is not None}
    if not points:
        return None
    missing = tuple(sign for sign in SIGNS if sign not in points)
    return News2(sum(points.values()), missing, points)


def sign_points(sign: str, value: Value, *, scale2: bool = False) -> int | None:
    """The points of one measured sign; SpO2 on scale 1, or on scale 2 as on air.

    None where it is no number.
    """
    return _measured(sign, value, _SCALE_2 if scale2 and sign == "spo2" else _STEPS[sign])


def overdue_after(score: News2) -> timedelta:
    """How long after this score the next vitals are due (ours, for open IMP and EMER visits)."""
    if score.total >= 7:
        return timedelta(minutes=15)
    if score.band != "low":
        return timedelta(hours=1)
    return timedelta(hours=6) if score.total else timedelta(hours=12)


def _score(sign: str, reading: NewsInput, scale2: bool) -> int | None:
    if sign == "oxygen":
        return None if reading.oxygen is None else 2 * reading.oxygen
    if sign == "consciousness":
        return _consciousness(reading)
    steps = _STEPS[sign]
    if sign == "spo2" and scale2:
        steps = _SCALE_2_OXYGEN if reading.oxygen else _SCALE_2
    return _measured(sign, getattr(reading, sign), steps)


def _consciousness(reading: NewsInput) -> int | None:
    letter = reading.consciousness.strip().upper()
    if letter not in ("A", "C", "V", "P", "U"):
        return None
    return 0 if letter == "A" else 3


def _measured(sign: str, value: Value, steps: _Steps) -> int | None:
    number = as_decimal(value)
    if number is None:
        return None
    banded = rounded(number, tenths=sign == "temperature")
    return next(points for end, points in steps if banded <= Decimal(end))
