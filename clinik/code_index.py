"""The words of a code table: which codes have which word, read alike on both databases.

A code's names stand in `Code.search`, folded, its own first. `CodeWord` turns that round: for each
word the positions of its codes. Finding codes by words is then a matter of sets, whatever the
database, and costs no scan of the table.
"""

import re
import sys
from array import array
from collections import defaultdict
from collections.abc import Iterable, Mapping

from django.db import transaction
from django.db.models import Max

from clinik.models import Code, CodeWord
from clinik.names import normalise_name

_BETWEEN = " | "
_ASCII_WORD = re.compile(r"[a-z0-9]+")
# How many letters of a code are a word of it: its category, as E11 of E11.9.
CATEGORY = 3


def fold(text: str) -> str:
    """normalise_name(), quicker where the text is plain ASCII."""
    if text.isascii():
        plain = text.lower().replace("'", "").replace("`", "")
        return " ".join(_ASCII_WORD.findall(plain))
    return normalise_name(text)


def plain(code: str) -> str:
    """The code as it is compared: E11.9 is e119."""
    return code.replace(".", "").lower()


def searchable(names: Iterable[str]) -> str:
    """What Code.search holds: every name once, the code's own first."""
    return _BETWEEN.join(dict.fromkeys(filter(None, map(fold, names))))


def names_in(search: str) -> list[str]:
    """The folded names again, the code's own first."""
    return search.split(_BETWEEN)


def words_of(code: str, search: str) -> set[str]:
    """Every word that finds the code: of its names, and its category."""
    return {*search.replace(_BETWEEN, " ").split(), plain(code)[:CATEGORY]}


def pack(positions: Iterable[int]) -> bytes:
    numbers = array("I", sorted(positions))
    if sys.byteorder == "big":
        numbers.byteswap()
    return numbers.tobytes()


def unpack(packed: bytes | memoryview) -> "array[int]":
    numbers = array("I")
    numbers.frombytes(packed)
    if sys.byteorder == "big":
        numbers.byteswap()
    return numbers


def index_words(
    system: str, entries: Iterable[tuple[str, str, int | None]]
) -> Mapping[str, list[int]]:
    """Make the words of a table anew from (code, search, position); one transaction."""
    found: dict[str, list[int]] = defaultdict(list)
    for code, search, position in entries:
        if position is None:
            continue
        for word in words_of(code, search):
            found[word].append(position)
    words = CodeWord.objects.filter(system=system).values_list("word", flat=True)
    # A word that no code has any more stays, and leads nowhere.
    rows = [
        CodeWord(system=system, word=word, positions=pack(found.get(word, ())))
        for word in sorted({*found, *words})
    ]
    with transaction.atomic():
        CodeWord.objects.bulk_create(
            rows,
            batch_size=2000,
            update_conflicts=True,
            unique_fields=["system", "word"],
            update_fields=["positions"],
        )
    return found


def take_in(row: Code) -> None:
    """Let a code that was added or renamed by hand be found by its words.

    Words that it lost stay in the index until the table is loaded anew; who searches compares the
    names themselves.
    """
    table = Code.objects.filter(system=row.system)
    with transaction.atomic():
        if row.position is None:
            last = table.aggregate(last=Max("position"))["last"]
            row.position = 0 if last is None else last + 1
            Code.objects.filter(pk=row.pk).update(position=row.position)
        words = words_of(row.code, row.search)
        present = CodeWord.objects.select_for_update().filter(system=row.system, word__in=words)
        for entry in present:
            positions = {*unpack(entry.positions), row.position}
            CodeWord.objects.filter(pk=entry.pk).update(positions=pack(positions))
            words.discard(entry.word)
        CodeWord.objects.bulk_create(
            CodeWord(system=row.system, word=word, positions=pack([row.position]))
            for word in sorted(words)
        )
