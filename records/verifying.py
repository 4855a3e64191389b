"""Find signed notes that were changed behind the program's back.

Three witnesses must agree: what the note says now, its signatures, and the audit rows that were
written when it was signed. Whoever changes one of them by SQL is found by the others.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any

from django.db.models import Exists, OuterRef, Q

from clinik.models import AuditEvent
from records.models import Note, NoteSignature
from records.models.note import Status

SIGNING_ACTS = ("note.sign", "note.cosign")
_CHUNK = 500
# The signature's and the audit row's own clocks.
_SAME_TIME = dt.timedelta(minutes=1)


def tampered() -> Iterator[tuple[str, str]]:
    """(id of a note, what does not fit) for each signed note that is not as it was signed.

    An imported note that was never signed here has nothing that could be compared.
    """
    seen: set[str] = set()
    found = NoteSignature.objects.filter(note=OuterRef("pk"))
    here = Q(status__in=[Status.FINAL, Status.AMENDED], source="")
    signed = Note.objects.filter(~Q(digest="") | here | Exists(found)).order_by("pk")
    rows = signed.iterator(_CHUNK)
    while notes := list(islice(rows, _CHUNK)):
        signatures, witnesses = _evidence([note.pk for note in notes])
        for note in notes:
            seen.add(str(note.pk))
            what = _misfit(note, signatures[note.pk], witnesses[str(note.pk)])
            if what:
                yield str(note.pk), what
    yield from ((key, "signature gone") for key in sorted(_signed_once() - seen))


def _evidence(keys: Sequence[Any]) -> tuple[dict[Any, list[Any]], dict[str, list[AuditEvent]]]:
    signatures: dict[Any, list[Any]] = defaultdict(list)
    for row in NoteSignature.objects.filter(note__in=keys):
        signatures[row.note_id].append(row)
    witnesses: dict[str, list[AuditEvent]] = defaultdict(list)
    for event in _events().filter(object_id__in=[str(key) for key in keys]):
        witnesses[event.object_id].append(event)
    return signatures, witnesses


def _events() -> Any:
    return AuditEvent.objects.filter(object_type="records.note", act__in=SIGNING_ACTS)


def _signed_once() -> set[str]:
    return set(_events().values_list("object_id", flat=True).order_by())


def _misfit(
    note: Note, signatures: Sequence[NoteSignature], witnesses: Sequence[AuditEvent]
) -> str:
    if note.digest != note.content_digest():
        return "text or head changed"
    if any(row.digest != note.digest for row in signatures):
        return "signature of another text"
    seen = {(e.detail.get("practitioner"), e.detail.get("digest"), e.by_id): e for e in witnesses}
    given = {(str(s.practitioner_id), s.digest, s.by_id): s for s in signatures}
    if seen.keys() != given.keys():
        return "signatures are not those that were given"
    if any(abs(seen[key].at - given[key].at) > _SAME_TIME for key in given):
        return "time of a signature changed"
    first = next((s for s in signatures if s.practitioner_id == note.author_id), None)
    if first is None or first.at != note.signed_at:
        return "author or time of signing changed"
    return ""
