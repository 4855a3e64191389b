"""Names and birth dates as people type them: folded for search, compared for likeness, read."""

import re
import unicodedata
from datetime import date
from functools import lru_cache

import jellyfish

# Letters that Unicode does not take apart, as they are commonly written without the mark.
_LETTERS = str.maketrans(
    {
        "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i",
        "ħ": "h", "ŧ": "t", "ŋ": "n", "ĸ": "k", "ə": "e", "ɓ": "b", "ɗ": "d", "ƙ": "k",
    }
)  # fmt: skip
# Read as nothing, so that O'Brien and OBrien, Ta`amu and Taamu are one.
_APOSTROPHES = dict.fromkeys(map(ord, "'\u2018\u2019\u02bb\u02bc\u02b9\u02be\u02bf`\u00b4\u2032"))

WORD_LIKENESS = 0.88
SAME_SOUND_LIKENESS = 0.92
SAME_SOUND_FROM = 0.75


def normalise_name(text: str) -> str:
    """The text for search: no case, no accents, no apostrophes, other marks as single blanks.

    Ordoñez, ORDÓÑEZ and "ordonez" are one; "Anna-Maria" is two words. Stored and typed text must
    both go through here. Non-Latin letters stay.
    """
    folded = text.translate(_APOSTROPHES).casefold().translate(_LETTERS)
    kept = []
    for character in unicodedata.normalize("NFKD", folded):
        category = unicodedata.category(character)
        if category == "Mn":
            continue
        kept.append(character if category[0] in "LN" or category == "Mc" else " ")
    # Hangul was taken apart above; NFC puts it together again.
    return unicodedata.normalize("NFC", " ".join("".join(kept).split()))


def likeness(a: str, b: str) -> float:
    """How alike two names are, 0 to 1, whatever the order of their words.

    The words of the shorter name are each paired with the likest word of the other; the result is
    the mean. Jaro-Winkler, raised where Metaphone hears the same.
    """
    pairs = _pairs(a, b)
    return sum(pairs) / len(pairs) if pairs else 0.0


@lru_cache(maxsize=20_000)
def sounds_alike(a: str, b: str) -> bool:
    """Whether the two names could be taken for each other: for name alerts and duplicates.

    Every word of the shorter name has an alike word in the other, so "Maria Garcia" and
    "García López, María" are alike, "John Smith" and "Jane Smith" are not.
    """
    pairs = _pairs(a, b)
    return bool(pairs) and min(pairs) >= WORD_LIKENESS


@lru_cache(maxsize=20_000)
def mistakable(family: str, given: str, other_family: str, other_given: str) -> bool:
    """Whether two people of one day need a name alert: alike by sound, or of one family with given
    names that begin alike ("Haugen, Ingrid" and "Haugen, Ingeborg")."""
    if sounds_alike(f"{family} {given}", f"{other_family} {other_given}"):
        return True
    first, second = normalise_name(given)[:3], normalise_name(other_given)[:3]
    return normalise_name(family) == normalise_name(other_family) and first == second


def _pairs(a: str, b: str) -> list[float]:
    """The likeness of each pair of words, best pairs first; empty where a name is empty."""
    shorter, longer = sorted((normalise_name(a).split(), normalise_name(b).split()), key=len)
    if not shorter:
        return []
    if "".join(shorter) == "".join(longer):
        return [1.0]
    scored = sorted(
        ((_word_likeness(x, y), i, j) for i, x in enumerate(shorter) for j, y in enumerate(longer)),
        reverse=True,
    )
    used_i: set[int] = set()
    used_j: set[int] = set()
    pairs = []
    for score, i, j in scored:
        if i not in used_i and j not in used_j:
            used_i.add(i)
            used_j.add(j)
            pairs.append(score)
    return pairs


def _word_likeness(a: str, b: str) -> float:
    score = jellyfish.jaro_winkler_similarity(a, b)
    # Metaphone drops vowels (John and Jane are both JN), so it counts for near spellings only.
    if score >= SAME_SOUND_FROM:
        sound = jellyfish.metaphone(a)
        if sound and sound == jellyfish.metaphone(b):
            return max(score, SAME_SOUND_LIKENESS)
    return score


_MONTHS = (
    "january", "february", "march", "april", "may", "june", "july", "august", "september",
    "october", "november", "december",
)  # fmt: skip
# Of birth dates typed here; imports take any year.
YEARS = range(1850, 2150)


def parse_birth_date(text: str) -> tuple[date, str] | None:
    """A birth date in any usual form, with its precision "day", "month" or "year"; else None.

    A month or a year is given as its first day. Of 03/04/1962 the day is read first (3 April);
    03/25/1962 can only be 25 March. A year of two digits is not guessed: None.
    """
    parts = _parts(text)
    if len(parts) == 1 and re.fullmatch(r"\d{4}", parts[0]):
        found = _date(parts[0], "1", "1")
        return (found, "year") if found else None
    if len(parts) == 2:
        year, month = parts if len(parts[0]) == 4 and parts[0].isdigit() else reversed(parts)
        found = _date(year, month, "1")
        return (found, "month") if found else None
    full = [found for found in _readings(parts) if found]
    return (full[0], "day") if full else None


def birth_date_candidates(text: str) -> list[date]:
    """Every day the text can mean, likeliest first, for searching; empty for a month or a year.

    Of 03/04/1962 both 3 April and 4 March; of 03.04.12 the day-first reading in 2012 and 1912.
    """
    parts = _parts(text)
    spellings = [parts]
    if len(parts) == 3 and len(parts[0]) < 4 and re.fullmatch(r"\d\d", parts[2]):
        spellings = [[*parts[:2], century + parts[2]] for century in ("20", "19")]
    found = (day for spelling in spellings for day in _readings(spelling) if day)
    return list(dict.fromkeys(found))


def _parts(text: str) -> list[str]:
    """Numbers and words in the order typed, eight digits in a row taken apart."""
    if not text.isascii():
        text = normalise_name(text)
    compact = text.strip()
    if re.fullmatch(r"\d{8}", compact):
        # A year begins with 18 to 21, which is no month, so only one of the two can be a date.
        year_first = [compact[:4], compact[4:6], compact[6:]]
        return year_first if _date(*year_first) else [compact[:2], compact[2:4], compact[4:]]
    if not re.fullmatch(r"[\w\s./,-]*", compact):
        return []
    return re.findall(r"\d+|[a-z]+", compact.lower())


def _readings(parts: list[str]) -> list[date | None]:
    """What three parts can mean, likeliest first: year first, day first, month first."""
    if len(parts) != 3:
        return []
    first, second, third = parts
    if len(first) == 4 and first.isdigit():
        return [_date(first, second, third)]
    return [_date(third, second, first), _date(third, first, second)]


def _date(year: str, month: str, day: str) -> date | None:
    if not (re.fullmatch(r"\d{4}", year) and re.fullmatch(r"\d{1,2}", day)):
        return None
    number = _month(month)
    if number is None or int(year) not in YEARS:
        return None
    try:
        return date(int(year), number, int(day))
    except ValueError:
        return None


def _month(text: str) -> int | None:
    if re.fullmatch(r"\d{1,2}", text):
        return int(text)
    if len(text) < 3:
        return None
    return next((n for n, name in enumerate(_MONTHS, 1) if name.startswith(text)), None)
