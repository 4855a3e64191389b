"""One sign or laboratory test of a person over time: the chart, and the same numbers as a table.

Values of one trend may have come under several codes and in several units: they are drawn in the
first unit of the sign and shown as given. What cannot be converted is in the table and not drawn.
Three queries, however many values.
"""

import datetime as dt
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from encounters.models import Patient
from records.bands import flag
from records.loinc import LABS, OLDER_LABELS, in_lab_unit, trend_code, trend_codes
from records.models import Observation
from records.models.observation import Status
from records.observations import shown_unit
from records.plot import (
    BOTTOM,
    HEIGHT,
    LEFT,
    RIGHT,
    TOP,
    WIDTH,
    Scale,
    days_axis,
    pixel,
    room,
    stretches,
    tick_words,
    ticks,
)
from records.readings import Person, Reading, paired, person_on, read
from records.vitals import BY_CODE, NOTED, VITALS, as_decimal

# Values drawn at most, the newest; the page says when there are more.
MOST = 500
# The room that the name of a band takes, in pixels of the chart.
NAME_HEIGHT = 12.0


@dataclass(frozen=True)
class Row:
    """One stored value: as given, and the number that is drawn (None: it cannot be)."""

    record: Observation
    reading: Reading
    when: str
    number: Decimal | None
    second: Decimal | None = None
    # What stands beside the value: an older code, the converted number, why it is not drawn.
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Dot:
    x: str
    y: str
    words: str
    pk: str


@dataclass(frozen=True)
class Line:
    name: str
    css: str
    dots: tuple[Dot, ...]
    paths: tuple[str, ...]


@dataclass(frozen=True)
class Band:
    """A named stretch of the value axis."""

    css: str
    name: str
    y: str
    height: str
    name_y: str


@dataclass(frozen=True)
class Chart:
    lines: tuple[Line, ...]
    bands: tuple[Band, ...]
    value_ticks: tuple[tuple[str, str], ...]
    time_ticks: tuple[tuple[str, str, str], ...]
    x: Scale
    y: Scale
    left: int = LEFT
    right: int = WIDTH - RIGHT
    top: int = TOP
    bottom: int = HEIGHT - BOTTOM
    width: int = WIDTH
    height: int = HEIGHT
    band_width: int = WIDTH - LEFT - RIGHT
    tick_x: int = LEFT - 6
    name_x: int = LEFT + 6
    time_y: int = HEIGHT - BOTTOM + 18


@dataclass(frozen=True)
class Trend:
    """`rows` newest first; `more` where older values are left out; `band_words` says whose bands
    are drawn; `others` are the trends this person has besides: (sign, name)."""

    sign: str
    name: str
    unit: str
    rows: tuple[Row, ...] = ()
    more: bool = False
    chart: Chart | None = None
    band_words: str = ""
    others: tuple[tuple[str, str], ...] = ()

    @property
    def has_ranges(self) -> bool:
        return any(
            row.record.range_low or row.record.range_high or row.record.range_text
            for row in self.rows
        )


def sign_name(sign: str) -> str:
    """The name of a vital sign's key or a laboratory code; empty where there is no such trend."""
    if sign in VITALS:
        return str(VITALS[sign].label)
    return LABS[sign].name if sign in LABS else ""


def sign_of(code: str) -> str:
    """The trend a code belongs to, as its address names it; empty for none."""
    code = trend_code(code)
    return BY_CODE[code].key if code in BY_CODE else code if code in LABS else ""


def load_trend(patient: Patient, user: Any, sign: str) -> Trend:
    """The values of one sign, a key of VITALS or of LABS, over all visits that count."""
    codes = VITALS[sign].codes if sign in VITALS else trend_codes(sign)
    theirs = (
        Observation.objects.visible_to(user)
        .of_patient(patient)
        .listed()
        .exclude(status=Status.CANCELLED)
        .filter(effective__isnull=False)
    )
    # A blood pressure may have come as two observations.
    apart = 2 if sign == "bp" else 1
    stored = (
        theirs.with_codes(codes)
        .select_related("encounter", "author", "entered_by")
        .prefetch_related("components")
        .newest_first()[: apart * MOST + 1]
    )
    found = paired(stored)
    noted = list(theirs.with_codes(NOTED).newest_first()[:20])
    known = theirs.order_by("code_code").values_list("code_code", flat=True).distinct()
    present = {sign_of(code) for code in known}
    rows = tuple(_row(sign, record, person_of(patient, record, noted)) for record in found[:MOST])
    unit = VITALS[sign].units[0] if sign in VITALS and VITALS[sign].units else ""
    unit = unit or (LABS[sign].units[0] if sign in LABS else "")
    trend = Trend(
        sign,
        sign_name(sign),
        shown_unit(unit) if unit else "",
        rows,
        len(found) > MOST,
        others=tuple((each, sign_name(each)) for each in (*VITALS, *LABS) if each in present),
    )
    drawn = [row for row in reversed(rows) if row.number is not None]
    if not drawn:
        return trend
    person = person_of(patient, drawn[-1].record, noted)
    return replace(trend, chart=_chart(sign, drawn, person), band_words=_band_words(sign, person))


def person_of(patient: Patient, record: Observation, noted: list[Observation]) -> Person:
    """As the patient was when the value was taken: a child's band is the child's."""
    when = record.effective
    day = localtime(when).date() if when else None
    return person_on(day, patient.age_at(when) if when else None, noted)


def _row(sign: str, record: Observation, person: Person) -> Row:
    notes = [OLDER_LABELS[record.code_code]] if record.code_code in OLDER_LABELS else []
    made = read(record, person)
    if made is None:
        number = in_lab_unit(sign, record)
        made = Reading(record, sign, record.value_words, record.value_unit, number)
    if made.number is None and sign != "consciousness":
        notes.append(_("not drawn: no number in a known unit"))
    elif made.number is not None and as_decimal(record.value) not in (None, made.number):
        first = VITALS[sign].units[0] if sign in VITALS else LABS[sign].units[0]
        said = {"number": f"{made.number:.1f}", "unit": shown_unit(first)}
        notes.append(_("drawn as %(number)s %(unit)s") % said)
    when = date_format(localtime(record.effective), "DATETIME_FORMAT")
    return Row(record, made, when, made.number, made.second, tuple(notes))


def _chart(sign: str, rows: list[Row], person: Person) -> Chart:
    times = [_seconds(row) for row in rows]
    numbers = [float(row.number) for row in rows if row.number is not None]
    numbers += [float(row.second) for row in rows if row.second is not None]
    bottom, top = room(numbers)
    y = Scale(bottom, top, HEIGHT - BOTTOM, TOP)
    inset = 0 if len(rows) > 1 else (WIDTH - LEFT - RIGHT) / 2
    x = Scale(times[0], times[-1], LEFT + inset, WIDTH - RIGHT)
    first, last = rows[0].record.effective, rows[-1].record.effective
    assert first is not None
    assert last is not None
    stamps = days_axis(first, last)
    anchors = ["middle"] if len(stamps) == 1 else ["start", *["middle"] * (len(stamps) - 2), "end"]
    style = "DATE_FORMAT" if (last - first) > dt.timedelta(days=5) else "SHORT_DATETIME_FORMAT"
    lines = [_line(sign, rows, x, y)]
    if sign == "bp":
        lower = [replace(row, number=row.second) for row in rows if row.second is not None]
        lines.append(_line("diastolic", lower, x, y))
    return Chart(
        tuple(lines),
        tuple(_bands(sign, rows, person, y)),
        tuple((pixel(y(tick)), tick_words(tick)) for tick in ticks(bottom, top)),
        tuple(
            (pixel(x(stamp.timestamp())), date_format(localtime(stamp), style), anchor)
            for stamp, anchor in zip(stamps, anchors, strict=True)
        ),
        x,
        y,
    )


def _seconds(row: Row) -> float:
    assert row.record.effective is not None
    return row.record.effective.timestamp()


def _line(sign: str, rows: list[Row], x: Scale, y: Scale) -> Line:
    dots = tuple(
        Dot(
            pixel(x(_seconds(row))),
            pixel(y(float(row.number or 0))),
            f"{row.when}: {row.reading.text} {row.reading.unit}".rstrip(),
            str(row.record.pk),
        )
        for row in rows
    )
    runs = stretches([row.record.effective for row in rows if row.record.effective])
    paths = tuple(
        " ".join(f"{dot.x},{dot.y}" for dot in dots[begin:end])
        for begin, end in runs
        if end - begin > 1
    )
    names = {"bp": _("systolic"), "diastolic": _("diastolic")}
    return Line(names.get(sign, ""), "second" if sign == "diastolic" else "first", dots, paths)


def _bands(sign: str, rows: list[Row], person: Person, y: Scale) -> list[Band]:
    """The stretches in which a value of today's age is flagged, found by asking for the flag."""
    if sign not in VITALS:
        return _range_band(sign, rows, y)
    asked, whose = ("systolic", _("systolic: ")) if sign == "bp" else (sign, "")
    step = Decimal("0.1") if sign == "temperature" else Decimal(1)
    # Of a blood pressure the upper half has the bands. They begin above the diastolic dots, which
    # would else seem to lie in a band of the systolic ones.
    lower = [row.second + 2 for row in rows if row.second is not None]
    value = max([Decimal(str(y.low)), *lower]).quantize(step)
    runs: list[tuple[str, str, Decimal, Decimal]] = []
    while value <= Decimal(str(y.high)) and len(runs) < 12:
        found = flag(asked, value, age=person.age, pregnant=person.pregnant, scale2=person.scale2)
        code, words = (found.code, found.words) if found else ("", "")
        if runs and runs[-1][0] == code:
            runs[-1] = (code, words, runs[-1][2], value)
        else:
            runs.append((code, words, value, value))
        value += step
    half = float(step) / 2
    bands = [
        _band(code.lower(), f"{whose}{code} {words}", float(low) - half, float(high) + half, y)
        for code, words, low, high in runs
        if code
    ]
    # Cut off by the diastolic dots, what is left may be too thin to bear its name.
    return [band for band in bands if not lower or float(band.height) >= NAME_HEIGHT]


def _range_band(sign: str, rows: list[Row], y: Scale) -> list[Band]:
    """The newest reference range given, where its value has the unit that is drawn in."""
    for row in reversed(rows):
        low, high = as_decimal(row.record.range_low), as_decimal(row.record.range_high)
        if (low is None and high is None) or as_decimal(row.record.value) != row.number:
            continue
        begin = float(low) if low is not None else y.low
        end = float(high) if high is not None else y.high
        return [_band("normal", _("reference range"), begin, end, y)]
    return []


def _band(css: str, name: str, low: float, high: float, y: Scale) -> Band:
    upper, lower = max(TOP, y(high)), min(HEIGHT - BOTTOM, y(low))
    height = max(0.0, lower - upper)
    return Band(css, name, pixel(upper), pixel(height), pixel(upper + min(NAME_HEIGHT, height)))


def _band_words(sign: str, person: Person) -> str:
    if sign not in VITALS:
        return ""
    if person.age is None:
        return _("No bands: age unknown")
    if person.pregnant:
        return _("Bands for the age at the newest value (%(age)s), in pregnancy") % {
            "age": person.age.words
        }
    return _("Bands for the age at the newest value (%(age)s)") % {"age": person.age.words}
