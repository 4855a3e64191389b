"""What staff type into the find box, as conditions on patients.

A text without digits asks the name alone, so that both databases answer from one index; with digits
it may also be a clinic number, another organisation's number, a phone or a birth date.
"""

import datetime as dt
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Q

from clinik.mrn import normalise
from clinik.names import birth_date_candidates, normalise_name, parse_birth_date

PHONE_DIGITS_FROM = 4
LONGEST_TEXT = 200

Numbered = Callable[[Collection[str]], Mapping[str, Collection[UUID]]]
_NOBODY = Q(pk__in=())


@dataclass(frozen=True)
class Conditions:
    """`anywhere`: every patient the text can mean; `begins`: those where words begin with it."""

    anywhere: Q
    begins: Q


def conditions(text: str, numbered: Numbered) -> Conditions:
    """Read the text; `numbered` looks up exact numbers (called at most once)."""
    text = " ".join(text[:LONGEST_TEXT].split())
    if not text:
        return Conditions(_NOBODY, _NOBODY)
    words = text.split()
    numbers: Mapping[str, Collection[UUID]] = {}
    if any(char.isdigit() for char in text):
        numbers = numbered({text, normalise(text), *words, *map(normalise, words)})
    whole = _whole(text, numbers)
    born, rest = _date_among(words)
    anywhere = begins = born
    for word in rest:
        anywhere &= _word(word, numbers, _name_contains)
        begins &= _word(word, numbers, _name_begins)
    if not any(char.isalpha() for char in text):
        # Digits and marks only: one number, phone or date, however it was grouped.
        return Conditions(whole, whole)
    return Conditions(anywhere | whole, begins | whole)


def _whole(text: str, numbers: Mapping[str, Collection[UUID]]) -> Q:
    """The text as one number, one phone or one date."""
    condition = _number(text, numbers) | _born(text)
    digits = "".join(char for char in text if char.isdigit())
    if len(digits) >= PHONE_DIGITS_FROM and not any(char.isalpha() for char in text):
        condition |= Q(phone_digits__contains=digits)
    return condition


def _word(word: str, numbers: Mapping[str, Collection[UUID]], name: Callable[[list[str]], Q]) -> Q:
    parts = normalise_name(word).split()
    condition = name(parts) if parts else _NOBODY
    if any(char.isdigit() for char in word):
        condition |= _whole(word, numbers)
    elif not parts:
        # Only a mark, as in "Example, Anna" written with a blank before the comma.
        return Q()
    return condition


def _name_contains(parts: list[str]) -> Q:
    condition = Q()
    for part in parts:
        condition &= Q(search_name__contains=part)
    return condition


def _name_begins(parts: list[str]) -> Q:
    condition = Q()
    for part in parts:
        condition &= Q(search_name__startswith=part) | Q(search_name__contains=f" {part}")
    return condition


def _number(word: str, numbers: Mapping[str, Collection[UUID]]) -> Q:
    found = {*numbers.get(word, ()), *numbers.get(normalise(word), ())}
    return Q(pk__in=found) if found else _NOBODY


def _born(text: str) -> Q:
    days = birth_date_candidates(text)
    if days:
        return Q(birth_date__in=days)
    parsed = parse_birth_date(text)
    if parsed is None:
        return _NOBODY
    first, precision = parsed
    after = _next_month(first) if precision == "month" else first.replace(year=first.year + 1)
    return Q(birth_date__gte=first, birth_date__lt=after)


def _next_month(first: dt.date) -> dt.date:
    return (first + dt.timedelta(days=32)).replace(day=1)


def _date_among(words: list[str]) -> tuple[Q, list[str]]:
    """A birth date written in three words beside a name, and the other words."""
    for at in range(len(words) - 2):
        days = birth_date_candidates(" ".join(words[at : at + 3]))
        if days:
            return Q(birth_date__in=days), [*words[:at], *words[at + 3 :]]
    return Q(), words
