"""One cell as a value. A reason never repeats the cell: it may hold a name in the wrong column."""

import datetime as dt
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from django.utils import timezone
from django.utils.translation import gettext as _

from clinik import clock, codes
from clinik.fhir import FhirError, FhirTime, parse_datetime

_LOCAL = re.compile(
    r"(?P<day>\d{4}-\d\d-\d\d)[T ](?P<hour>\d\d:\d\d)(?P<second>:\d\d)?(?P<fraction>\.\d+)?"
    r"\s?(?P<offset>Z|[+-]\d\d(:?\d\d)?)?",
    re.IGNORECASE,
)
# As JSON writes numbers, so that the digits can go out again as they came.
_NUMBER = re.compile(r"-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?")
_COMPARED = re.compile(r"(?P<comparator><=|>=|<|>)?\s*(?P<number>\S+)")
_LIKE_A_NUMBER = re.compile(r"(<=|>=|<|>)?\s*[+-]?[\d.,\s]*\d[\d.,\s]*")
_TIME_OF_DAY = re.compile(r"%-?[HIcXTRrfpMS]")
# All of C0 besides tab, line feed and return: R4 allows them in no text.
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_SYSTEMS = {
    "loinc": codes.LOINC,
    "snomed": codes.SNOMED,
    "snomedct": codes.SNOMED,
    "icd10cm": codes.ICD10CM,
    "rxnorm": codes.RXNORM,
    "ucum": codes.UCUM,
    "npi": codes.NPI,
}
_YES = frozenset({"1", "true", "yes", "y", "t"})
_NO = frozenset({"0", "false", "no", "n", "f"})


class BadCell(Exception):
    """Why a cell cannot be taken, and what to do; `column` (ours) where it is not the one read."""

    def __init__(self, reason: str, column: str = "") -> None:
        super().__init__(reason)
        self.column = column


@dataclass(frozen=True)
class Measured:
    """A value as it stands there, and the number in it: `digits` is empty where it is none."""

    text: str
    digits: str = ""
    comparator: str = ""
    like_a_number: bool = False


@dataclass(frozen=True)
class Conventions:
    """How a file writes times and numbers: local times are of `zone` (a bare day is the clinic's),
    `formats` are tried before ISO, `decimal` is the mark before decimals."""

    zone: dt.tzinfo
    formats: tuple[str, ...] = ()
    decimal: str = "."


Reader = Callable[[str, Conventions], Any]


def clean(text: str) -> str:
    """A cell without the blanks around it; raises BadCell for what no text may hold."""
    if _CONTROL.search(text):
        raise BadCell(_("holds a character that no text may hold (a NUL byte, say): take it out"))
    return text.strip()


def words(text: str, _conventions: Conventions) -> str:
    return text


def limited(most: int) -> Reader:
    def read(text: str, _conventions: Conventions) -> str:
        if len(text) > most:
            reason = _("is longer than %(most)s characters: shorten it, or has the row slipped?")
            raise BadCell(reason % {"most": most})
        return text

    return read


def one_of(allowed: Mapping[str, str]) -> Reader:
    """A code, or a word for it, in any case; `allowed` is what is written, in small letters,
    -> the code."""
    shown = ", ".join(sorted(set(allowed.values())))

    def read(text: str, _conventions: Conventions) -> str:
        found = allowed.get(text.casefold())
        if found is None:
            reason = _("is none of %(codes)s: change it, or translate it in the map ([….values])")
            raise BadCell(reason % {"codes": shown})
        return found

    return read


def boolean(text: str, _conventions: Conventions) -> bool:
    folded = text.casefold()
    if folded in _YES or folded == _("yes").casefold():
        return True
    if folded in _NO or folded == _("no").casefold():
        return False
    raise BadCell(_("is neither yes nor no"))


def whole(least: int, most: int) -> Reader:
    def read(text: str, _conventions: Conventions) -> int:
        if not re.fullmatch(r"\d{1,10}", text) or not least <= int(text) <= most:
            reason = _("is no whole number from %(least)s to %(most)s")
            raise BadCell(reason % {"least": least, "most": most})
        return int(text)

    return read


def system(text: str, conventions: Conventions) -> Any:
    """The address of a code system, or one of the short names LOINC, SNOMED, ICD-10-CM, RxNorm."""
    short = re.sub(r"[\s_-]", "", text.casefold())
    return _SYSTEMS.get(short) or limited(300)(text, conventions)


def number(text: str, conventions: Conventions) -> Any:
    """The digits as given, with a point; raises BadCell where it is no number."""
    if conventions.decimal != ".":
        text = text.replace(conventions.decimal, ".")
    text = re.sub(r"^(-?)\.", r"\g<1>0.", text)
    if not _NUMBER.fullmatch(text) or not math.isfinite(float(text)):
        raise BadCell(_("is no number"))
    return limited(100)(text, conventions)


def measured(text: str, conventions: Conventions) -> Measured:
    """A number, perhaps behind <, <=, > or >=; else words."""
    like = bool(_LIKE_A_NUMBER.fullmatch(text))
    match = _COMPARED.fullmatch(text)
    try:
        digits = number(match["number"], conventions) if match else ""
    except BadCell:
        return Measured(text, like_a_number=like)
    return Measured(text, digits, (match["comparator"] or "") if match else "", like)


def moment(text: str, conventions: Conventions) -> FhirTime:
    """A day, a month, a year or an instant, as exactly as it is written."""
    for form in conventions.formats:
        try:
            found = dt.datetime.strptime(text, form)
        except ValueError:
            continue
        if _TIME_OF_DAY.search(form):
            return _instant(found, conventions.zone)
        return _midnight(found.date(), _precision(form))
    if match := _LOCAL.fullmatch(text):
        return _iso(match, conventions.zone)
    try:
        return parse_datetime(text, "", timezone.get_default_timezone())
    except FhirError as error:
        reason = _(
            "is no date or time (2019-04-07, 2019-04-07 15:20, 2019-04-07T15:20:00+02:00):"
            " say with --date-format how it is written, or mend it"
        )
        raise BadCell(reason) from error


def exact(text: str, conventions: Conventions) -> dt.datetime:
    """An instant; a bare day counts as its midnight."""
    return moment(text, conventions).instant


def day(text: str, conventions: Conventions) -> tuple[dt.date, str] | None:
    """A day with its precision, whatever the time behind it; None for "unknown"."""
    if text.casefold() in ("unknown", _("unknown").casefold()):
        return None
    found = moment(text, conventions)
    if found.precision != "instant":
        return timezone.localdate(found.instant), found.precision
    return found.instant.astimezone(conventions.zone).date(), clock.Precision.DAY


def _iso(match: re.Match[str], zone: dt.tzinfo) -> FhirTime:
    offset = (match["offset"] or "").upper()
    fraction = (match["fraction"] or "")[:7]
    try:
        local = dt.datetime.fromisoformat(
            f"{match['day']}T{match['hour']}{match['second'] or ':00'}{fraction}"
            + offset.replace("Z", "+00:00")
        )
    except ValueError as error:
        raise BadCell(_("is a day or a time that does not exist")) from error
    return _instant(local, zone)


def _instant(found: dt.datetime, zone: dt.tzinfo) -> FhirTime:
    """With an offset the instant it says; else the local time, where there is exactly one."""
    try:
        if found.tzinfo is not None:
            return FhirTime(found.astimezone(dt.UTC), "instant")
        first, second = (found.replace(tzinfo=zone, fold=fold) for fold in (0, 1))
        if first.utcoffset() != second.utcoffset():
            _refuse_clock_change(first, zone)
        return FhirTime(first.astimezone(dt.UTC), "instant")
    except OverflowError as error:
        raise BadCell(_("is out of range")) from error


def _refuse_clock_change(first: dt.datetime, zone: dt.tzinfo) -> None:
    again = first.astimezone(dt.UTC).astimezone(zone)
    if again.replace(tzinfo=None) != first.replace(tzinfo=None):
        reason = _("does not exist in %(zone)s, where the clocks went forward: mend it")
    else:
        reason = _("came twice in %(zone)s, where the clocks went back: add the offset (+01:00)")
    raise BadCell(reason % {"zone": zone})


def _precision(form: str) -> str:
    if "%d" in form or "%j" in form or "%x" in form or "%D" in form or "%F" in form:
        return "day"
    return "month" if re.search("%[mbB]", form) else "year"


def _midnight(found: dt.date, precision: Any) -> FhirTime:
    try:
        midnight = dt.datetime.combine(found, dt.time(), timezone.get_default_timezone())
        return FhirTime(midnight.astimezone(dt.UTC), precision)
    except OverflowError as error:
        raise BadCell(_("is out of range")) from error


def zone_of(name: str) -> dt.tzinfo:
    """The zone of that name, the clinic's own for none; raises ValueError."""
    if not name:
        return timezone.get_default_timezone()
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        reason = _("“%(name)s” is no time zone (Europe/London, say)")
        raise ValueError(reason % {"name": name[:60]}) from error
