"""What an amendment changed, word by word."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher

# Two stretches of more words together are shown as one replaced by the other: comparing each word
# with each would keep the page waiting.
_MOST = 4_000


@dataclass(frozen=True)
class Piece:
    """`kind` is "same", "old" (taken out) or "new" (put in)."""

    kind: str
    text: str


def words_between(old: str, new: str) -> list[Piece]:
    """The way from one text to the other; the pieces of "same" and "new" make up the new one."""
    pieces: list[Piece] = []
    for kind, text in _compared(old, new):
        if not text:
            continue
        if pieces and pieces[-1].kind == kind:
            pieces[-1] = Piece(kind, pieces[-1].text + text)
        else:
            pieces.append(Piece(kind, text))
    return pieces


def _compared(old: str, new: str) -> Iterator[tuple[str, str]]:
    """By lines first; within lines that differ, by words."""
    ours, theirs = old.splitlines(keepends=True), new.splitlines(keepends=True)
    matcher = SequenceMatcher(None, ours, theirs)
    for tag, a, b, c, d in matcher.get_opcodes():
        before, after = "".join(ours[a:b]), "".join(theirs[c:d])
        if tag == "equal":
            yield "same", after
        else:
            yield from _by_words(before, after)


def _by_words(before: str, after: str) -> Iterator[tuple[str, str]]:
    ours, theirs = (re.findall(r"\n+|[^\S\n]*\S+|[^\S\n]+", text) for text in (before, after))
    if len(ours) + len(theirs) > _MOST:
        yield from (("old", before), ("new", after))
        return
    for tag, a, b, c, d in SequenceMatcher(None, ours, theirs).get_opcodes():
        if tag == "equal":
            yield "same", "".join(theirs[c:d])
        else:
            yield from (("old", "".join(ours[a:b])), ("new", "".join(theirs[c:d])))
