"""One note in several windows: whatever the order of the steps, nobody's words vanish unseen."""

import random
from dataclasses import dataclass
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied

from clinik.transitions import StaleVersion, TransitionError
from records.models import Note, NoteSignature
from records.notes import add_addendum, add_note, change_note, sign_note
from records.verifying import tampered
from tests.factories import EncounterFactory, UserFactory

pytestmark = pytest.mark.django_db


@dataclass
class Truth:
    """What the note must say, by the steps that were accepted."""

    note: Note
    content: str
    version: int
    signed: bool = False


@dataclass
class Window:
    """A page that was opened at some version, of the author or of somebody else."""

    user: Any
    seen: int = 1


def _write(truth: Truth, window: Window, text: str, *, author: Any) -> None:
    def write() -> Note:
        return change_note(
            truth.note, by=window.user, version=window.seen, content=text, type="other"
        )

    if window.user != author:
        with pytest.raises((PermissionDenied, StaleVersion)):
            write()
    elif truth.signed or window.seen != truth.version:
        with pytest.raises((StaleVersion, TransitionError)):
            write()
    else:
        truth.content, truth.version = text, write().version
        window.seen = truth.version


def _sign(truth: Truth, window: Window, *, author: Any) -> None:
    if window.user != author:
        with pytest.raises(PermissionDenied):
            sign_note(truth.note, by=window.user, version=window.seen)
    elif truth.signed:
        sign_note(truth.note, by=window.user, version=window.seen)
    elif window.seen != truth.version:
        with pytest.raises(StaleVersion):
            sign_note(truth.note, by=window.user, version=window.seen)
    else:
        truth.version = sign_note(truth.note, by=window.user, version=window.seen).version
        truth.signed = True


def test_1000_interleavings_overwrite_nothing_unseen() -> None:
    author, other = UserFactory(role="Clinician"), UserFactory(role="Nurse")
    visit, chance = EncounterFactory(), random.Random(8135)
    truth = None
    signatures = 0
    for number in range(1_000):
        if truth is None or truth.signed:
            note = add_note(visit, by=author, content="Begun.", type="other")
            truth = Truth(note, "Begun.", note.version)
        windows = [Window(author), Window(author), Window(other)]
        steps = [(act, window) for window in windows[:2] for act in ("read", "write")]
        if number % 10 == 4:
            steps.append(("write", windows[2]))
        if number % 10 == 9:
            steps.append(("sign", chance.choice(windows)))
        chance.shuffle(steps)
        for place, (act, window) in enumerate(steps):
            if act == "read":
                window.seen = truth.version
            elif act == "write":
                _write(truth, window, f"{number}.{place}", author=author)
            else:
                _sign(truth, window, author=author)
        signatures += truth.signed
        stored = Note.objects.get(pk=truth.note.pk)
        assert (stored.content, stored.version) == (truth.content, truth.version), number
        assert stored.is_signed == truth.signed
    assert NoteSignature.objects.count() == signatures > 10
    assert list(tampered()) == []


def test_additions_of_two_stand_side_by_side() -> None:
    author, other = UserFactory(role="Clinician"), UserFactory(role="Nurse")
    note = sign_note(add_note(EncounterFactory(), by=author, content="Begun."), by=author)
    mine = add_addendum(note, by=author, content="Mine.", relation="amendment")
    theirs = add_addendum(note, by=other, content="Theirs.")
    assert {row.content for row in note.additions.all()} == {"Mine.", "Theirs."}
    assert mine.pk != theirs.pk
