"""Find an ICD-10-CM code by what people type: a code, words in any order, with a typo, as they say.

The index of words (clinik.code_index) gives the codes that can be meant; comparing the names of the
likeliest few hundred gives their order. At most seven queries, whatever the text and the database.
"""

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import jellyfish
from django.db import connection
from django.db.models import Q

from clinik.code_index import CATEGORY, fold, names_in, plain, unpack
from clinik.codes import ICD10CM
from clinik.models import Code, CodeWord
from encounters.code_use import Uses, uses_of
from encounters.icd10 import BILLABLE

LONGEST_TEXT = 200
MOST_WORDS = 8
# How many of those that fit are compared, the likeliest of them.
COMPARED = 200
SHOWN = 15
# Where nothing fits, every word is read once more with one letter wrong: words from so many letters
# on, and unfinished ones.
TYPO_FROM = 4
PREFIX_TYPO_FROM = 6

_CODE = re.compile(r"[a-z]\d[\da-z]{0,5}")
# Said, but in hardly any name: left out where other words remain.
_SMALL = frozenset((
    "a", "an", "and", "at", "by", "for", "from", "has", "have", "i", "in", "is", "it", "my", "of",
    "on", "or", "the", "to", "with",
))  # fmt: skip
# In names, but never said: they do not make a name a worse fit.
_FILLING = _SMALL | frozenset((
    "unspecified", "other", "nos", "without", "complication", "complications", "not", "specified",
    "elsewhere", "classified", "initial", "encounter", "due", "disease", "disorder", "acute",
))  # fmt: skip


@dataclass(frozen=True)
class Found:
    """One code that fits. `mine` and `ours`: how often I and the clinic used it lately."""

    code: str
    display: str
    billable: bool
    name: str = ""
    mine: int = 0
    ours: int = 0

    @property
    def text(self) -> str:
        """What the field says once it is chosen: a code and words, read back as such."""
        return f"{self.code} {self.display}"


@dataclass(frozen=True)
class _Entry:
    code: str
    display: str
    billable: bool
    names: Sequence[str]
    position: int


@dataclass(frozen=True)
class Word:
    """A word as typed and the spellings that count as it."""

    typed: str
    also: frozenset[str] = field(default_factory=frozenset)

    @property
    def forms(self) -> Sequence[str]:
        return (self.typed, *sorted(self.also))


def find(text: str, *, by: Any = None, most: int = SHOWN) -> list[Found]:
    """The best `most` codes for a text, best first; for an empty one what `by` uses most.

    Exact code, codes that begin so, then names: those that I use, that the clinic uses, that say
    the least besides, billable ones before categories, short before long.
    """
    text = fold(text[:LONGEST_TEXT])
    uses = uses_of(by)
    if not text:
        return _most_used(uses, most)
    code = text.replace(" ", "")
    code = code if _CODE.fullmatch(code) else ""
    words = read_words(text)
    entries = {entry.code: entry for entry in _candidates(words, code, uses)}
    ranked = rank(entries.values(), words, code, uses)
    if not ranked:
        spelled = _respelled(words)
        if spelled != words:
            entries |= {entry.code: entry for entry in _candidates(spelled, "", uses)}
            ranked = rank(entries.values(), spelled, code, uses)
    return ranked[:most]


def read_words(text: str) -> list[Word]:
    """The words that count, each with its singular; `text` is folded."""
    typed = list(dict.fromkeys(text.split()))[:MOST_WORDS]
    said = [word for word in typed if word not in _SMALL] or typed
    return [Word(word, _singular(word)) for word in said]


def _singular(word: str) -> frozenset[str]:
    """`allergies` also as allergy, `stones` as stone: names stand mostly in the singular."""
    if len(word) < 5 or not word.endswith("s") or word.endswith("ss"):
        return frozenset()
    if word.endswith("ies"):
        return frozenset({word[:-3] + "y"})
    return frozenset({word[:-1]})


def rank(entries: Iterable[_Entry], words: Sequence[Word], code: str, uses: Uses) -> list[Found]:
    """Those that fit, best first."""
    keyed = []
    for entry in entries:
        as_code = _code_fit(entry.code, code)
        fit = _best_fit(entry.names, words)
        if as_code is None and fit is None:
            continue
        mine, ours = uses.get(entry.code, (0, 0))
        closeness, name = fit or ((9,), 0)
        key = (
            2 if as_code is None else as_code,
            closeness[0] if as_code is None else 0,
            -mine,
            -ours,
            closeness[1:] if as_code is None else (),
            not entry.billable,
            len(entry.code) if as_code is not None else 0,
            entry.position,
        )
        said = entry.names[name] if name else ""
        found = Found(entry.code, entry.display, entry.billable, said, mine, ours)
        keyed.append((key, found))
    keyed.sort(key=lambda pair: pair[0])
    return [found for _key, found in keyed]


def _code_fit(code: str, wanted: str) -> int | None:
    """0 the code itself, 1 its beginning, None neither."""
    if not wanted or not plain(code).startswith(wanted):
        return None
    return 0 if plain(code) == wanted else 1


def _best_fit(names: Sequence[str], words: Sequence[Word]) -> tuple[tuple[int, ...], int] | None:
    """How closely the best of the names fits, lower is closer, and which it is; None: not at all.

    First whether one name has all the words (0), or several together (1).
    """
    best: tuple[tuple[int, ...], int] | None = None
    for number, name in enumerate(names):
        fit = _name_fit(name.split(), words)
        if fit is not None and (best is None or (0, *fit) < best[0]):
            best = (0, *fit), number
    if best is None and len(names) > 1:
        fit = _name_fit([word for name in names for word in name.split()], words)
        if fit is not None:
            best = (1, *fit), 0
    return best


def _name_fit(present: Sequence[str], words: Sequence[Word]) -> tuple[int, ...] | None:
    """(respelled words, words besides, unfinished words, further from the beginning)."""
    left = list(present)
    respelled = unfinished = 0
    first = len(present)
    for word in words:
        at, whole, as_typed = _place(left, word)
        if at is None:
            return None
        first = min(first, at)
        respelled += not as_typed
        unfinished += not whole
        left[at] = ""
    besides = sum(1 for word in left if word and word not in _FILLING)
    return respelled, besides, unfinished, first


def _place(present: Sequence[str], word: Word) -> tuple[int | None, bool, bool]:
    """Where a name has the word: in full before its beginning, as typed before otherwise."""
    for form in word.forms:
        if form in present:
            return present.index(form), True, form == word.typed or form in _singular(word.typed)
    for form in word.forms:
        if form.isdigit():
            continue
        for at, other in enumerate(present):
            if other.startswith(form):
                as_typed = form == word.typed or form in _singular(word.typed)
                return at, False, as_typed
    return None, False, False


def _candidates(words: Sequence[Word], code: str, uses: Uses) -> list[_Entry]:
    """The likeliest codes that have all the words or begin with the code: two queries."""
    starts = {form for word in words for form in word.forms}
    category = code[:CATEGORY]
    wanted = Q()
    for start in starts:
        wanted |= Q(word=start) if start.isdigit() else _starting(start)
    if category:
        wanted |= _starting(category)
    if not wanted:
        return []
    rows = CodeWord.objects.filter(wanted, system=ICD10CM).values_list("word", "positions")
    sets: list[set[int]] = [set() for _word in words]
    coded: set[int] = set()
    for stored, packed in rows:
        positions = unpack(packed)
        if category and stored.startswith(category):
            coded.update(positions)
        for number, word in enumerate(words):
            if any(_begins(stored, form) for form in word.forms):
                sets[number].update(positions)
    fitting = set.intersection(*sets) if sets else set()
    chosen = {*sorted(fitting)[:COMPARED], *sorted(coded)[: COMPARED * 5]}
    exact = f"{code[:CATEGORY]}.{code[CATEGORY:]}".rstrip(".").upper()
    return _entries([exact, *uses], chosen)


def _starting(start: str) -> Q:
    """Words that begin so. SQLite's LIKE knows no index, so there the index is told its range."""
    condition = Q(word__startswith=start)
    if connection.vendor == "sqlite":
        condition &= Q(word__gte=start, word__lt=start + chr(0x10FFFF))
    return condition


def _begins(stored: str, form: str) -> bool:
    return stored == form if form.isdigit() else stored.startswith(form)


def _entries(codes: Collection[str], positions: Collection[int] = ()) -> list[_Entry]:
    """One query; a union, because with OR both databases read the whole table."""
    columns = ("code", "display", "kind", "search", "position")
    offered = Code.objects.filter(system=ICD10CM, active=True, position__isnull=False)
    rows = offered.filter(code__in=codes).order_by().values_list(*columns)
    if positions:
        rows = rows.union(
            offered.filter(position__in=positions).order_by().values_list(*columns), all=True
        )
    return [
        _Entry(code, display, kind == BILLABLE, names_in(search), position)
        for code, display, kind, search, position in rows
    ]


def _most_used(uses: Uses, most: int) -> list[Found]:
    by_code = {entry.code: entry for entry in _entries(list(uses))} if uses else {}
    order = sorted(by_code, key=lambda code: (-uses[code][0], -uses[code][1], code))
    return [
        Found(code, by_code[code].display, by_code[code].billable, "", *uses[code])
        for code in order[:most]
    ]


def _respelled(words: Sequence[Word]) -> list[Word]:
    """Every word with the words of the table that are one letter away: one query.

    What is like no word at all is left out, if another word is left.
    """
    wanted = Q()
    for word in words:
        wanted |= _near(word.typed)
    stored = CodeWord.objects.filter(wanted, system=ICD10CM).values_list("word", flat=True)
    known = list(stored) if wanted else []
    found = []
    for word in words:
        near = {other for other in known if _one_off(word.typed, other)}
        if near or any(_begins(other, form) for other in known for form in word.forms):
            found.append(Word(word.typed, word.also | near))
    return found or list(words)


def _near(typed: str) -> Q:
    """Words that share a half with it: a single typo leaves the one or the other half whole."""
    same = Q(word__startswith=typed)
    if len(typed) < TYPO_FROM or typed.isdigit():
        return same
    half = len(typed) // 2
    return same | Q(word__startswith=typed[: half - 1]) | Q(word__contains=typed[half + 1 :])


def _one_off(typed: str, other: str) -> bool:
    """Whether one letter is missing, too much, wrong or swapped with the next.

    In a word of six letters or more also while it is still being typed.
    """
    if len(typed) < TYPO_FROM or typed.isdigit():
        return False
    lengths: Collection[int] = (len(other),)
    if len(typed) >= PREFIX_TYPO_FROM:
        lengths = {min(len(other), len(typed) + more) for more in (-1, 0, 1)} | {len(other)}
    return any(
        abs(length - len(typed)) <= 1
        and jellyfish.damerau_levenshtein_distance(typed, other[:length]) == 1
        for length in lengths
    )
