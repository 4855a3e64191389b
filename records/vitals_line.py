"""One line of vital signs as people say them: `120/80 72 36.8 98 r16 w70kg o2 a`.

Pure: text in, the names of records.vitals_entry.NAMES out. Bare numbers stand only in the order
blood pressure, pulse, temperature, SpO2, each behind the one before it; everything else brings its
letter. What fits two signs is refused with words that say what was probably meant.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal

from django.utils.formats import get_format
from django.utils.translation import gettext as _

from records.observations import shown_unit
from records.vitals import CONSCIOUSNESS, VITALS

MOST = 200
# Each sign's letter, and what else people write for it.
LETTERS = {vital.letter: key for key, vital in VITALS.items() if vital.letter}
LETTERS |= {"bp": "bp", "hr": "pulse", "temp": "temperature", "sat": "spo2", "rr": "respiration"}
# Units as they are glued to a number: (UCUM code, the sign it names where no letter does).
UNITS = {
    "c": ("Cel", "temperature"), "°c": ("Cel", "temperature"), "f": ("[degF]", "temperature"),
    "°f": ("[degF]", "temperature"), "kg": ("kg", "weight"), "lb": ("[lb_av]", "weight"),
    "lbs": ("[lb_av]", "weight"), "cm": ("cm", ""), "in": ("[in_i]", "height"),
    "%": ("%", "spo2"), "l": ("L/min", "oxygen"), "l/min": ("L/min", "oxygen"),
    "/min": ("/min", ""),
}  # fmt: skip
# Where a bare number may stand, and in which range it is usual for which sign (ours): only to say
# what was probably meant, and to see that a number fits two signs.
ORDER = ("bp", "pulse", "temperature", "spo2")
USUAL = {
    "pulse": (40, 220), "temperature": (34, 43), "spo2": (85, 100), "respiration": (8, 39),
    "weight": (2, 200), "height": (45, 210),
}  # fmt: skip

_NUMBER = r"\d+(?:\.\d+)?"
_UNIT = "|".join(sorted(map(re.escape, UNITS), key=len, reverse=True))
_PRESSURE = re.compile(rf"(?:bp?)?({_NUMBER})/({_NUMBER})")
_LETTERED = re.compile(
    rf"({'|'.join(sorted(LETTERS, key=len, reverse=True))})[:=]?({_NUMBER})({_UNIT})?"
)
_BARE = re.compile(rf"({_NUMBER})({_UNIT})?")


@dataclass
class Line:
    """What a line says: `values` by field name, as record_vitals() takes them; `problems` are
    sentences, and a line that has one is not to be saved."""

    values: dict[str, str] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    # The signs in the order they were given, and the bare numbers among them.
    given: list[str] = field(default_factory=list)
    bare: list[tuple[str, Decimal]] = field(default_factory=list)

    def take(self, key: str, number: str, unit: str = "") -> None:
        """A sign with its value; a second value of one sign is refused."""
        if key in self.values:
            label = VITALS[key].label
            words = _("%(sign)s stands twice: %(first)s and %(second)s.")
            self.refuse(words % {"sign": label, "first": self.values[key], "second": number})
            return
        self.given.append(key)
        self.values[key] = number
        if unit and unit not in VITALS[key].units:
            words = _("%(sign)s is in %(units)s.")
            units = _(" or ").join(map(shown_unit, VITALS[key].units))
            self.refuse(words % {"sign": VITALS[key].label, "units": units})
        elif unit and len(VITALS[key].units) > 1:
            self.values[f"{key}_unit"] = unit

    def refuse(self, words: str) -> None:
        self.problems.append(words)


def read_line(text: str) -> Line:
    """The values of a line and what cannot be understood in it; nothing is guessed silently."""
    line = Line()
    if len(text) > MOST:
        line.refuse(_("This is too long for one line of vital signs."))
        return line
    words = _words(text, line)
    for place, word in enumerate(words):
        before = words[place - 1] if place else ""
        after = words[place + 1] if place + 1 < len(words) else ""
        if not any(reader(line, word, before, after) for reader in _READERS):
            line.refuse(_("“%(word)s” is not understood.") % {"word": word})
    _doubt_bare(line)
    return line


def _words(text: str, line: Line) -> list[str]:
    """The words of a line, lower case, numbers with a point, units glued to their number.

    A comma between digits is a decimal one where the language writes it so; elsewhere it fits a
    decimal comma as well as a gap between two numbers, and is refused.
    """
    text = text.strip().lower().replace("₂", "2")
    if get_format("DECIMAL_SEPARATOR") == ",":
        text = re.sub(r"(?<=\d),(?=\d)", ".", text)
    for found in re.findall(r"\d+,\d+", text):
        words = _("“%(typed)s”: write %(point)s with a point, or put a blank between two values.")
        line.refuse(words % {"typed": found, "point": found.replace(",", ".")})
    text = re.sub(r"\d+,\d[\d,.]*", " ", text)
    text = re.sub(r"[,;]", " ", text)
    text = re.sub(r"(?<=\d)\s*/\s*(?=\d)", "/", text)
    # A blank before a unit; "c" alone is also new confusion and stays apart.
    text = re.sub(r"(?<=\d)\s+(?=(?:°c|°f|f|kg|lbs?|cm|in|%|l|l/min)(?:\s|$))", "", text)
    # A blank behind a letter; "p" alone is also a level of consciousness and stays apart.
    letters = "|".join(each for each in LETTERS if each != "p")
    return re.sub(rf"(?<!\S)({letters})[:=]?\s+(?=\d)", r"\1", text).split()


def _pressure(line: Line, word: str, before: str, after: str) -> bool:
    found = _PRESSURE.fullmatch(word)
    if not found:
        return False
    _take_pressure(line, *found.groups())
    return True


def _take_pressure(line: Line, systolic: str, diastolic: str = "") -> None:
    if "bp" in line.given:
        line.refuse(_("Two blood pressures: save one, then the other."))
        return
    line.given.append("bp")
    line.values["systolic"] = systolic
    if diastolic:
        line.values["diastolic"] = diastolic


def _letter_of_consciousness(line: Line, word: str, before: str, after: str) -> bool:
    letter = word.upper()
    if letter not in CONSCIOUSNESS:
        return False
    if letter == "P" and after[:1].isdigit():
        line.refuse(
            _("“p %(after)s” fits two signs: p%(after)s for the pulse; P alone responds to pain.")
            % {"after": after}
        )
    elif letter == "C" and _BARE.fullmatch(before.removeprefix("t")):
        line.refuse(
            _("“%(before)s c” fits two signs: t%(number)sc for °C, or C first for new confusion.")
            % {"before": before, "number": before.removeprefix("t")}
        )
    else:
        line.take("consciousness", letter)
    return True


def _air(line: Line, word: str, before: str, after: str) -> bool:
    if word not in ("air", _("air")):
        return False
    line.take("oxygen", "air")
    return True


def _lettered(line: Line, word: str, before: str, after: str) -> bool:
    found = _LETTERED.fullmatch(word)
    if not found:
        return False
    letter, number, unit = found.groups()
    key = LETTERS[letter]
    if key == "bp":
        _take_pressure(line, number)
    elif unit == "/min" or not unit:
        line.take(key, number)
    else:
        line.take(key, number, UNITS[unit][0])
    return True


def _bare_number(line: Line, word: str, before: str, after: str) -> bool:
    found = _BARE.fullmatch(word)
    if not found:
        return False
    number, unit = found.groups()
    if unit:
        code, key = UNITS[unit]
        if key:
            line.take(key, number, code)
        else:
            line.refuse(_which(number, {"cm": ("height", "head")}.get(unit, ())))
        return True
    key = _next_place(line)
    value = Decimal(number)
    if not key or not _fits(key, value):
        line.refuse(_which(number, ()))
        return True
    line.bare.append((key, value))
    line.take(key, number)
    return True


_READERS: tuple[Callable[[Line, str, str, str], bool], ...] = (
    _pressure, _letter_of_consciousness, _air, _lettered, _bare_number,
)  # fmt: skip


def _next_place(line: Line) -> str:
    """The sign a bare number is read as: the one after the last of ORDER that was given."""
    places = [place for place, key in enumerate(ORDER) if key in line.given]
    last = max(places, default=-1)
    whole = places == list(range(last + 1))
    return ORDER[last + 1] if places and whole and last + 1 < len(ORDER) else ""


def _fits(key: str, value: Decimal) -> bool:
    """Whether a bare number can be that sign at all; a letter lets it be anything."""
    if key == "temperature":
        return 25 <= value <= 45
    return value == value.to_integral_value() and value <= (100 if key == "spo2" else 350)


def _doubt_bare(line: Line) -> None:
    """The last bare number may be a later sign of the order with one left out: then say which.

    A number that another one follows in the order is held in its place by that one.
    """
    if not line.bare:
        return
    key, value = line.bare[-1]
    later = ORDER[ORDER.index(key) + 1 :]
    others = [sign for sign in later if sign not in line.given and _usual(sign, value)]
    if others:
        line.refuse(_which(f"{value:f}", (key, *others)))


def _usual(sign: str, value: Decimal) -> bool:
    low, high = USUAL[sign]
    return low <= value <= high and (sign == "temperature" or value % 1 == 0)


def _which(number: str, signs: tuple[str, ...]) -> str:
    """ "“98” fits more than one sign: p98 for pulse, s98 for SpO2?" """
    value = Decimal(number)
    signs = signs or tuple(sign for sign in USUAL if _usual(sign, value))
    offers = [f"{VITALS[sign].letter}{number} ({VITALS[sign].label})" for sign in signs]
    if 94 <= value <= 108 and "temperature" not in signs and value % 1:
        offers.insert(0, f"t{number}f ({VITALS['temperature'].label}, °F)")
    if not offers:
        return _("“%(number)s”: say with a letter which sign it is.") % {"number": number}
    if len(offers) == 1:
        return _("“%(number)s” has no place here: %(offers)s?") % {
            "number": number,
            "offers": offers[0],
        }
    return _("“%(number)s” fits more than one sign: %(offers)s?") % {
        "number": number,
        "offers": _(" or ").join(offers),
    }
