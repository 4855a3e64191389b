"""Sealing the audit trail in a chain of digests, and checking that it is as it was sealed.

A seal is a row over up to BATCH events. Only events are sealed below which no row can appear any
more: on PostgreSQL an id is drawn before its transaction commits, so a lower one may arrive after a
higher one. `settled_id` reads the highest id and waits until every transaction that held the
table's write lock at that moment has ended; nobody who writes waits for it, and no clock is
trusted. SQLite has one writer at a time, whose lock the sealing holds.

Whoever can rewrite the whole database can also make the chain anew: keep the digest that
`seal_audit` prints somewhere else, and give it to `verify_audit --head`.
"""

import hashlib
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from clinik import clock
from clinik.trail import AuditEvent, AuditSeal

BATCH = 1000
# The present way of writing an event down; a later one gets the next number, and older seals are
# still checked by theirs.
FORM = 1
_COLUMNS = {
    1: (
        *("id", "at", "action", "act", "outcome", "by_id", "role", "address", "request_id"),
        *("object_type", "object_id", "patient_id", "encounter_id", "fields", "version"),
        *("detail", "reason"),
    )
}
_ID, _LEAF = 8, 24
# Seconds to wait for transactions that may still bring a lower id.
PATIENCE = 60.0
# Of PostgreSQL's advisory locks: one sealing at a time.
_LOCK = 0x5EA1


class StillWriting(Exception):
    """A transaction that writes to the trail did not end in time; the next run seals."""


@dataclass(frozen=True)
class Finding:
    """What is not as it was sealed: of which event (None: of a seal), and what."""

    seal: int
    event: int | None
    what: str


@dataclass
class Sealed:
    events: int = 0
    seals: int = 0
    # The digest at the end of the chain; "" where nothing has been sealed yet.
    head: str = ""


def leaf(row: tuple[Any, ...], form: int = FORM) -> bytes:
    """24 bytes that stand for an event: its id and a digest over all it says."""
    said = json.dumps(row, default=_plain, sort_keys=True, separators=(",", ":"))
    digest = hashlib.sha256(f"{form} {said}".encode()).digest()
    return int(row[0]).to_bytes(_ID, "big") + digest[: _LEAF - _ID]


def _plain(value: Any) -> str:
    """Times as UTC to the microsecond, keys as text."""
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


def chain_digest(seal: AuditSeal) -> str:
    """What the seal's digest must be."""
    head = json.dumps([seal.previous, seal.form, seal.first, seal.last, seal.count])
    return hashlib.sha256(head.encode() + bytes(seal.leaves)).hexdigest()


def seal_events(*, patience: float = PATIENCE) -> Sealed:
    """Seal every settled event that is not sealed yet, batch by batch, each in its transaction.

    Safe to run at any time and twice at once. Raises StillWriting with nothing sealed.
    """
    upto = settled_id(patience)
    done = Sealed()
    while True:
        seal = _seal_next(upto)
        if seal is None:
            break
        done.seals += 1
        done.events += seal.count
    done.head = AuditSeal.objects.values_list("digest", flat=True).first() or ""
    return done


def _seal_next(upto: int) -> AuditSeal | None:
    with transaction.atomic():
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
        before = AuditSeal.objects.first()
        rows = list(_rows(before.last if before else 0, upto, FORM)[:BATCH])
        if not rows:
            return None
        seal = AuditSeal(
            form=FORM,
            # From the end of the seal before: a row that slips in between is seen.
            first=before.last + 1 if before else 1,
            last=rows[-1][0],
            count=len(rows),
            leaves=b"".join(leaf(row) for row in rows),
            previous=before.digest if before else "",
            at=clock.now(),
        )
        seal.digest = chain_digest(seal)
        seal.save(force_insert=True)
    return seal


def _rows(after: int, upto: int, form: int) -> Any:
    events = AuditEvent.objects.filter(id__gt=after, id__lte=upto)
    return events.order_by("id").values_list(*_COLUMNS[form])


def settled_id(patience: float = PATIENCE) -> int:
    """The highest id below which no further event can appear; 0 in an empty trail."""
    if connection.vendor != "postgresql":
        # The transaction that draws an id holds the only write lock until it ends.
        return _highest()
    highest = _highest()
    with connection.cursor() as cursor:
        cursor.execute(_WRITERS, [AuditEvent._meta.db_table])
        waiting = {row[0] for row in cursor.fetchall()}
        until = time.monotonic() + patience
        while waiting:
            if time.monotonic() > until:
                raise StillWriting
            time.sleep(0.05)
            cursor.execute(_WRITERS, [AuditEvent._meta.db_table])
            waiting &= {row[0] for row in cursor.fetchall()}
    return highest


# Transactions other than this one that hold the lock which an INSERT takes before it draws an id.
_WRITERS = (
    "SELECT virtualtransaction FROM pg_locks WHERE locktype = 'relation'"
    " AND relation = %s::regclass AND mode = 'RowExclusiveLock' AND granted"
    " AND pid <> pg_backend_pid()"
    " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
)


def _highest() -> int:
    return AuditEvent.objects.aggregate(highest=Max("id"))["highest"] or 0


def unsealed() -> int:
    """How many events no seal covers yet."""
    last = AuditSeal.objects.aggregate(last=Max("last"))["last"] or 0
    return AuditEvent.objects.filter(id__gt=last).count()


def verify(*, head: str = "") -> Iterator[Finding]:
    """Everything that is not as it was sealed, in the order of the trail.

    `head` is the digest of a seal, kept elsewhere: the chain must have it.
    """
    previous, last, found_head = "", 0, not head
    seals = AuditSeal.objects.order_by("id").iterator(chunk_size=20)
    for seal in seals:
        found_head = found_head or seal.digest == head
        yield from _check_chain(seal, previous, last)
        yield from _check_events(seal)
        previous, last = seal.digest, seal.last
    if not found_head:
        yield Finding(0, None, _("no seal has the digest %(head)s") % {"head": head})


def _check_chain(seal: AuditSeal, previous: str, last: int) -> Iterator[Finding]:
    if seal.previous != previous or seal.first != last + 1:
        yield Finding(seal.pk, None, _("does not follow the seal before it"))
    if chain_digest(seal) != seal.digest:
        yield Finding(seal.pk, None, _("was changed"))


def _check_events(seal: AuditSeal) -> Iterator[Finding]:
    """Changed, missing and further events of one seal."""
    leaves = bytes(seal.leaves)
    expected = {
        int.from_bytes(leaves[at : at + _ID], "big"): leaves[at : at + _LEAF]
        for at in range(0, len(leaves), _LEAF)
    }
    if len(leaves) != seal.count * _LEAF or seal.form not in _COLUMNS:
        yield Finding(seal.pk, None, _("was changed"))
        return
    for row in _rows(seal.first - 1, seal.last, seal.form):
        sealed = expected.pop(row[0], None)
        if sealed is None:
            yield Finding(seal.pk, row[0], _("was put in after sealing"))
        elif leaf(row, seal.form) != sealed:
            yield Finding(seal.pk, row[0], _("was changed"))
    for event in expected:
        yield Finding(seal.pk, event, _("is missing"))
