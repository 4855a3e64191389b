"""Which drug a medication's words name, and which families it belongs to. Pure functions.

Comparison is by whole words of generic names, from records/data/drug_families.toml; brand names,
classes beyond that file and codes are not compared.
"""

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from clinik.names import normalise_name

_FILE = Path(__file__).parent / "data" / "drug_families.toml"

# Words of a medication or a substance that name no substance: kinds, forms, salts, routes.
_COMMON_WORDS = frozenset(
    """drug drugs medication medications medicine allergy allergies allergic oral tablet tablets
    capsule capsules solution suspension syrup drops injection injector auto inhaler inhaled
    inhalation cream ointment patch spray powder eye nasal rectal topical acid sodium potassium
    calcium chloride hydrochloride sulfate phosphate acetate citrate besylate maleate fumarate
    succinate tartrate mesylate bromide monohydrate anhydrous extended modified prolonged delayed
    release substance product products preparation with dose doses unit units tabs caps daily
    vitamin hour hours actuation pack containing""".split()  # noqa: SIM905
)


@dataclass(frozen=True)
class Family:
    """A family of drugs: `names` are what an allergy is called after, `related` other families."""

    key: str
    label: str
    names: frozenset[str]
    members: frozenset[str]
    related: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Table:
    families: dict[str, Family]
    same: dict[str, str]


@cache
def _table() -> _Table:
    read = tomllib.loads(_FILE.read_text(encoding="utf-8"))
    families = {
        key: Family(
            key,
            one["label"],
            frozenset(one["names"]),
            frozenset(one["members"]),
            tuple(one.get("related", ())),
        )
        for key, one in read["families"].items()
    }
    same = {other: first for first, *others in read["same"] for other in others}
    return _Table(families, same)


def families() -> tuple[Family, ...]:
    """Every family of the shipped file."""
    return tuple(_table().families.values())


def plain(text: str) -> str:
    """Words in small letters, one blank between them, each drug under the first of its names."""
    words = f" {normalise_name(text).replace('sulph', 'sulf')} "
    for other, first in _table().same.items():
        words = words.replace(f" {other} ", f" {first} ")
    return words.strip()


def substances(text: str) -> frozenset[str]:
    """The words that may name a substance."""
    return frozenset(
        word
        for word in plain(text).split()
        if len(word) >= 4 and not word[0].isdigit() and word not in _COMMON_WORDS
    )


def shared(one: str, other: str) -> frozenset[str]:
    """Substances of the first text that the second names too."""
    theirs = substances(other)
    return frozenset(
        word for word in substances(one) if any(_same_substance(word, each) for each in theirs)
    )


def same_drug(one: str, other: str) -> bool:
    """Whether two medications name the same drug, whatever the dose and the form."""
    return plain(one) == plain(other) or bool(shared(one, other))


def _same_substance(word: str, other: str) -> bool:
    """The same word, or one in the plural or with an ending ("penicillin", "penicillins")."""
    if word == other:
        return True
    short, long = sorted((word, other), key=len)
    return len(short) >= 5 and long.startswith(short)


def families_of(text: str, *, by_name: bool = False) -> dict[str, str]:
    """{key of a family: the word that says so}. `by_name`: its own names count too."""
    words = plain(text)
    found = {}
    for family in families():
        wanted = family.members | family.names if by_name else family.members
        hit = _first_named(words, wanted)
        if hit:
            found[family.key] = hit
    return found


def _first_named(words: str, wanted: Iterable[str]) -> str:
    padded = f" {words} "
    hits = [one for one in wanted if f" {one} " in padded or f" {one}s " in padded]
    return min(hits, default="", key=lambda one: (padded.index(f" {one}"), -len(one)))


def family_of_both(medication: str, allergen: str) -> tuple[Family, str, bool] | None:
    """(family of the medication, the word that says so, closely) where the allergen is of it.

    `closely` is False where only a related family is meant. The same family goes first.
    """
    taken, allergic = families_of(medication), families_of(allergen, by_name=True)
    table = _table().families
    for key, word in taken.items():
        if key in allergic:
            return table[key], word, True
    for key, word in taken.items():
        if any(key in table[other].related for other in allergic):
            return table[key], word, False
    return None
