"""A dosage as prescribers write it, read into its parts: pure functions, nothing is guessed.

"1 tab po bid prn 28d" and "10 mg by mouth twice a day for 4 weeks" are understood. What is not
understood stays as written, and where that could change the dose ("then 2 tablets", a number left
over, "od", which is once a day to some and the right eye to others) nothing is taken from the line.
"""

import calendar
import datetime as dt
import re
from dataclasses import dataclass
from fractions import Fraction

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, ngettext_lazy

Words = str | Promise

_NUMBERS = {
    "half": "½", "one": "1", "two": "2", "three": "3", "four": "4", "five": "5", "six": "6",
    "seven": "7", "eight": "8", "nine": "9", "ten": "10", "twelve": "12", "fourteen": "14",
}  # fmt: skip

# Units that are counted out: a quantity follows from dose, frequency and days.
_COUNTED = {
    "tablet": (r"tab(?:let)?s?", ngettext_lazy("tablet", "tablets")),
    "capsule": (r"cap(?:sule)?s?", ngettext_lazy("capsule", "capsules")),
    "puff": (r"puffs?", ngettext_lazy("puff", "puffs")),
    "patch": (r"patch(?:es)?", ngettext_lazy("patch", "patches")),
    "sachet": (r"sachets?", ngettext_lazy("sachet", "sachets")),
    "suppository": (
        r"supp(?:os(?:itor(?:y|ies))?)?s?",
        ngettext_lazy("suppository", "suppositories"),
    ),
    "lozenge": (r"lozenges?", ngettext_lazy("lozenge", "lozenges")),
    "spray": (r"sprays?", ngettext_lazy("spray", "sprays")),
    "drop": (r"(?:drops?|gtts?)", ngettext_lazy("drop", "drops")),
    "ml": (r"(?:ml|millilit(?:re|er)s?)", ngettext_lazy("mL", "mL")),
}  # fmt: skip
_MEASURED = {
    "mg": (r"(?:mg|milligrams?)", "mg"),
    "mcg": (r"(?:mcg|ug|µg|μg|micrograms?)", "mcg"),
    "g": (r"(?:g|grams?)", "g"),
    "unit": (r"(?:units?|iu)", gettext_lazy("units")),
}
_UNITS = {**_COUNTED, **_MEASURED}

_ROUTES: tuple[tuple[str, Words], ...] = (
    (r"p\.?o\.?|by mouth|orally|oral", gettext_lazy("by mouth")),
    (r"s\.?l\.?|sublingual(?:ly)?|under the tongue", gettext_lazy("under the tongue")),
    (r"i\.?v\.?|intravenous(?:ly)?|into a vein", gettext_lazy("into a vein")),
    (r"i\.?m\.?|intramuscular(?:ly)?|into a muscle", gettext_lazy("into a muscle")),
    (r"s\.?c\.?|subcut|sub-?q|subcutaneous(?:ly)?|under the skin", gettext_lazy("under the skin")),
    (r"p\.?r\.?|rectal(?:ly)?", gettext_lazy("into the rectum")),
    (r"p\.?v\.?|vaginal(?:ly)?", gettext_lazy("into the vagina")),
    (r"inh|inhaled|by inhalation", gettext_lazy("inhaled")),
    (r"top|topical(?:ly)?|on(?:to)? the skin|to the skin", gettext_lazy("on the skin")),
    (r"nasal(?:ly)?|into the nose", gettext_lazy("into the nose")),
    (r"(?:in(?:to)? )?both eyes", gettext_lazy("into both eyes")),
    (r"(?:in(?:to)? )?(?:the )?right eye", gettext_lazy("into the right eye")),
    (r"(?:in(?:to)? )?(?:the )?left eye", gettext_lazy("into the left eye")),
)

# Words of a frequency, and how often a day that is (None: no number of doses follows).
_DAILY = r" ?(?:a day|daily|/ ?day)"
_FREQUENCIES: tuple[tuple[str, Words, Fraction | None], ...] = (
    (
        rf"b\.?i\.?d\.?|twice (?:a day|daily)|2 ?(?:x|times){_DAILY}",
        gettext_lazy("twice a day"),
        Fraction(2),
    ),
    (rf"t\.?i\.?d\.?|tds|3 ?(?:x|times){_DAILY}", gettext_lazy("three times a day"), Fraction(3)),
    (
        rf"q\.?i\.?d\.?|qds|4 ?(?:x|times){_DAILY}",
        gettext_lazy("four times a day"),
        Fraction(4),
    ),
    (
        r"q\.?o\.?d\.?|every (?:other|second) day|on alternate days",
        gettext_lazy("every other day"),
        Fraction(1, 2),
    ),
    (r"qhs|nocte|at (?:bedtime|night)|before bed", gettext_lazy("at bedtime"), Fraction(1)),
    (
        r"qam|mane|(?:once )?(?:in the|every|each) morning",
        gettext_lazy("in the morning"),
        Fraction(1),
    ),
    (r"(?:in the|every|each) evening", gettext_lazy("in the evening"), Fraction(1)),
    (r"twice (?:a week|weekly)|2 times a week", gettext_lazy("twice a week"), Fraction(2, 7)),
    (r"once (?:a week|weekly)|weekly|every week", gettext_lazy("once a week"), Fraction(1, 7)),
    (r"once (?:a month|monthly)|monthly|every month", gettext_lazy("once a month"), None),
    (
        r"q\.?d\.?|once (?:a day|daily)|daily|every day|a day",
        gettext_lazy("once a day"),
        Fraction(1),
    ),
    (r"stat|once only", gettext_lazy("once, at once"), None),
)

_PRN = r"p\.?r\.?n\.?|(?:only )?(?:as|if|when) (?:needed|required)"
_DURATION = r"(?:for |x ?)?(\d{1,3}) ?(d|days?|w|wks?|weeks?|mo|months?)"
_EVERY_HOURS = r"(?:q|every ?)(\d{1,2}) ?(?:h|hrs?|hours?|hourly)"
_AMOUNT = r"(½|\d{1,6}(?:[.,]\d{1,3})?)(?: ?(?:-|–|to) ?(\d{1,6}))?"
_EVERY_DAYS = r"every (\d{1,2}) days"
_FILLERS = re.compile(
    r"\b(?:take|takes|use|inhale|apply|give|inject|instil|instill|put|the|a|an|of|each|time)\b|[,.;]"
)
# Left over, these say that the line has a second dose or an exception.
_MORE_THAN_ONE = re.compile(
    r"\d|½|\b(?:then|or|and|alternat\w*|except|taper\w*|reduc\w*|increas\w*|until|up to|max\w*"
    r"|od|os|ou)\b"
)


@dataclass(frozen=True)
class Dosage:
    """What a line says. `left` is what was not understood, as written (small letters).

    `duration` is (how many, "day", "week" or "month"); `per_day` doses a day where that is known.
    """

    dose: str = ""
    route: str = ""
    frequency: str = ""
    as_needed: bool = False
    duration: tuple[int, str] | None = None
    left: str = ""
    amount: Fraction | None = None
    unit: str = ""
    per_day: Fraction | None = None

    @property
    def understood(self) -> bool:
        return bool(self.dose and self.frequency)

    def last_day(self, first: dt.date) -> dt.date | None:
        """The last day of taking, itself included; None where the line names no duration."""
        if self.duration is None:
            return None
        number, unit = self.duration
        try:
            if unit == "month":
                return _months_later(first, number) - dt.timedelta(days=1)
            return first + dt.timedelta(days=number * (7 if unit == "week" else 1) - 1)
        except (OverflowError, ValueError):
            return None

    def quantity(self, first: dt.date) -> int | None:
        """How many tablets, puffs... that is in all; None where it does not follow.

        As needed it is the most that may be taken.
        """
        last = self.last_day(first)
        if last is None or self.amount is None or self.per_day is None:
            return None
        if self.unit not in _COUNTED:
            return None
        total = self.amount * self.per_day * ((last - first).days + 1)
        return int(total) if total.denominator == 1 else None

    def quantity_unit(self, number: int) -> str:
        return _counted(self.unit, number) if self.unit in _COUNTED else ""

    def words(self, first: dt.date) -> str:
        """The line read back: "1 tablet, by mouth, twice a day, as needed, for 28 days"."""
        parts = [self.dose, self.route, self.frequency]
        parts += [_("only as needed")] if self.as_needed else []
        parts += [_duration_words(*self.duration)] if self.duration else []
        number = self.quantity(first)
        if number is not None:
            said = {"number": number, "unit": self.quantity_unit(number)}
            parts.append(
                (
                    _("at most %(number)d %(unit)s")
                    if self.as_needed
                    else _("%(number)d %(unit)s in all")
                )
                % said
            )
        return ", ".join(part for part in parts if part)


def read_dosage(text: str) -> Dosage:
    """The parts of a dosage line; never raises. Nothing understood: all of it is in `left`."""
    whole = " ".join(text.split())
    line = _Line(_with_digits(whole.lower()))
    duration = line.take(_DURATION)
    as_needed = line.take(_PRN) is not None
    frequency, per_day = _frequency(line)
    route = next((str(words) for pattern, words in _ROUTES if line.take(pattern)), "")
    dose, amount, unit = _dose(line)
    left = " ".join(_FILLERS.sub(" ", line.text).split())
    if _MORE_THAN_ONE.search(left) or not (dose or route or frequency):
        return Dosage(left=whole)
    return Dosage(
        dose=dose,
        route=route,
        frequency=frequency,
        as_needed=as_needed,
        duration=_duration(duration) if duration else None,
        left=left,
        amount=amount,
        unit=unit,
        per_day=per_day,
    )


class _Line:
    """What is left of a line while its parts are taken out of it."""

    def __init__(self, text: str) -> None:
        self.text = text

    def take(self, pattern: str) -> re.Match[str] | None:
        found = re.search(rf"(?<![\w.])(?:{pattern})(?![\w])", self.text)
        if found:
            self.text = f"{self.text[: found.start()]} {self.text[found.end() :]}"
        return found


def _with_digits(text: str) -> str:
    """Numbers in words as digits: "two tablets" as "2 tablets", "1/2" as "½"."""
    text = re.sub(r"\b1/2\b|\b0[.,]5(?= ?(?:tab|cap))", "½", text)
    text = re.sub(r"\bhalf an? ", "½ ", text)
    return re.sub(r"\b[a-z]+\b", lambda found: _NUMBERS.get(found[0], found[0]), text)


def _frequency(line: _Line) -> tuple[str, Fraction | None]:
    if found := line.take(_EVERY_HOURS):
        hours = int(found[1])
        words = ngettext("every hour", "every %(number)d hours", hours) % {"number": hours}
        return words, Fraction(24, hours) if hours else None
    if found := line.take(_EVERY_DAYS):
        days = int(found[1])
        return _("every %(number)d days") % {"number": days}, Fraction(1, days) if days else None
    for pattern, name, per_day in _FREQUENCIES:
        if line.take(pattern):
            return str(name), per_day
    return "", None


def _dose(line: _Line) -> tuple[str, Fraction | None, str]:
    """(as words, the number where it is one, unit); a range ("1-2 tablets") has no number."""
    for unit, (pattern, _words) in _UNITS.items():
        found = line.take(
            rf"(½|\d{{1,6}}(?:[.,]\d{{1,3}})?)(?: ?(?:-|–|to) ?(\d{{1,6}}))? ?{pattern}"
        )
        if found is None:
            continue
        low, high = found[1].replace(",", "."), found[2]
        amount = Fraction(1, 2) if low == "½" else Fraction(low)
        counted = unit in _COUNTED
        several = 2 if high or amount > 1 else 1
        name = _counted(unit, several) if counted else str(_MEASURED[unit][1])
        return f"{low}–{high} {name}" if high else f"{low} {name}", None if high else amount, unit
    return "", None, ""


def _counted(unit: str, number: int) -> str:
    return str(_COUNTED[unit][1] % number)


def _duration(found: re.Match[str]) -> tuple[int, str]:
    unit = {"d": "day", "w": "week", "m": "month"}[found[2][0]]
    return int(found[1]), unit


def _duration_words(number: int, unit: str) -> str:
    forms = {
        "day": ngettext("for %(number)d day", "for %(number)d days", number),
        "week": ngettext("for %(number)d week", "for %(number)d weeks", number),
        "month": ngettext("for %(number)d month", "for %(number)d months", number),
    }
    return forms[unit] % {"number": number}


def _months_later(day: dt.date, number: int) -> dt.date:
    """The same day of a later month, or its last one: 31 January and a month is 28 February."""
    year, month = divmod(day.month - 1 + number, 12)
    year, month = day.year + year, month + 1
    return dt.date(year, month, min(day.day, calendar.monthrange(year, month)[1]))
