"""What the files of a run bring and need, kept outside the memory: their order, what is missing.

A temporary database without a name, which SQLite keeps in a file that goes with the process. It
holds ids of the source, no more.
"""

import pickle
import sqlite3
import tempfile
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from django.utils.translation import gettext as _

from clinik.fhir import FhirError
from records.bundle.reading import Chunk
from records.bundle.targets import BY_IDENTIFIER, Key, Target

_TABLES = """
CREATE TABLE brings (kind TEXT, id TEXT, file INTEGER, PRIMARY KEY (kind, id, file)) WITHOUT ROWID;
CREATE TABLE needs (
    kind TEXT, id TEXT, file INTEGER, place TEXT, required INTEGER, PRIMARY KEY (kind, id, file)
) WITHOUT ROWID;
CREATE TABLE visits (id TEXT, patient TEXT, file INTEGER, PRIMARY KEY (id, file)) WITHOUT ROWID;
CREATE TABLE records (visit TEXT, patient TEXT, file INTEGER, place TEXT);
CREATE TABLE chunks (file INTEGER, at INTEGER, size INTEGER);
"""
# What a row cannot do without, or is named by: its file comes first. Of the others (a condition, a
# member of a panel) the reference is filled when they come.
_FIRST = frozenset(
    {"patient", "encounter", "practitioner", "general_practitioner", "author", "medication"}
)


class RunIndex:
    """Fed with the chunks of each file; afterwards it knows the order, and gives the chunks back.

    Chunks lie in a temporary file without a name, so that nothing is read and checked twice, and so
    that what is written is what was checked.
    """

    def __init__(self) -> None:
        self._db = sqlite3.connect("", isolation_level=None)
        self._db.executescript(_TABLES)
        # One transaction that is never ended: nothing of it is to outlive the run.
        self._db.execute("BEGIN")
        self._spool = tempfile.TemporaryFile()  # noqa: SIM115
        # Resources of each file, for the progress.
        self.sizes: dict[int, int] = defaultdict(int)

    def close(self) -> None:
        self._db.close()
        self._spool.close()

    def add(self, file: int, packed: "Packed") -> None:
        """Raises FhirError where a resource stands in the file a second time."""
        self._db.execute("SAVEPOINT chunk")
        try:
            self._db.executemany(
                "INSERT INTO brings VALUES (?, ?, ?)",
                [(kind, id, file) for kind, id, _place in packed.keys],
            )
        except sqlite3.IntegrityError:
            self._db.execute("ROLLBACK TO chunk")
            self._refuse_the_second(file, packed)
        self._db.execute("RELEASE chunk")
        many = self._db.executemany
        many(
            "INSERT OR IGNORE INTO brings VALUES (?, ?, ?)",
            [(kind, number, file) for kind, number in packed.numbers],
        )
        many(
            "INSERT OR IGNORE INTO needs VALUES (?, ?, ?, ?, ?)",
            [(kind, id, file, place, required) for kind, id, place, required in packed.needs],
        )
        many(
            "INSERT OR IGNORE INTO visits VALUES (?, ?, ?)",
            [(visit, patient, file) for visit, patient in packed.visits],
        )
        many(
            "INSERT INTO records VALUES (?, ?, ?, ?)",
            [(visit, patient, file, place) for visit, patient, place in packed.records],
        )
        place = (file, self._spool.tell(), len(packed.data))
        self._db.execute("INSERT INTO chunks VALUES (?, ?, ?)", place)
        self._spool.write(packed.data)
        self.sizes[file] += len(packed.keys)

    def _refuse_the_second(self, file: int, packed: "Packed") -> None:
        """Of the keys of a chunk one is there already: in an earlier chunk or twice in this one."""
        seen: set[Key] = set()
        for kind, id, place in packed.keys:
            earlier = self._db.execute(
                "SELECT 1 FROM brings WHERE kind = ? AND id = ? AND file = ?", (kind, id, file)
            )
            if (kind, id) in seen or earlier.fetchone():
                reason = _("%(key)s twice in the file") % {"key": f"{kind}/{id}"}
                raise FhirError(place, reason)
            seen.add((kind, id))

    def drop(self, file: int) -> None:
        """A refused file brings nothing."""
        for table in ("brings", "needs", "visits", "records", "chunks"):
            self._db.execute(f"DELETE FROM {table} WHERE file = ?", (file,))
        self.sizes.pop(file, None)

    def chunks(self, file: int) -> Iterator[Chunk]:
        """The chunks of a file as they were read."""
        places = self._db.execute(
            "SELECT at, size FROM chunks WHERE file = ? ORDER BY at", (file,)
        ).fetchall()
        for at, size in places:
            self._spool.seek(at)
            # Written by this process a moment ago, into a file that has no name.
            yield pickle.loads(self._spool.read(size))
        self._spool.seek(0, 2)

    def order(self, files: Iterable[int]) -> list[int]:
        """As given, but a file waits for those that bring what it refers to; in a circle the one
        that comes first goes first."""
        waits: dict[int, set[int]] = {file: set() for file in files}
        for file, other in self._db.execute(
            "SELECT n.file, MIN(b.file) FROM needs n"
            " JOIN brings b ON b.kind = n.kind AND b.id = n.id GROUP BY n.file, n.kind, n.id"
        ):
            if other != file and file in waits and other in waits:
                waits[file].add(other)
        return _sorted(waits)

    def repeated(self) -> set[Key]:
        """Resources that several files bring."""
        return set(
            self._db.execute(
                "SELECT kind, id FROM brings WHERE kind NOT LIKE '%?' GROUP BY kind, id"
                " HAVING COUNT(*) > 1"
            )
        )

    def bringers(self, key: Key) -> set[int]:
        found = self._db.execute("SELECT file FROM brings WHERE kind = ? AND id = ?", key)
        return {file for (file,) in found}

    def is_brought(self, key: Key) -> bool:
        return bool(self.bringers(key))

    def missing_patients(self) -> Iterator[tuple[int, str, str]]:
        """(file, id, place) of each patient that no file of the run brings."""
        yield from self._db.execute(
            "SELECT n.file, n.id, n.place FROM needs n WHERE n.kind = 'Patient' AND n.required = 1"
            " AND NOT EXISTS (SELECT 1 FROM brings b WHERE b.kind = n.kind AND b.id = n.id)"
            " ORDER BY n.file"
        ).fetchall()

    def contradictions(self) -> Iterator[tuple[int, str]]:
        """(file, place) of records that name another patient than their visit does."""
        yield from self._db.execute(
            "SELECT r.file, MIN(r.place) FROM records r JOIN visits v ON v.id = r.visit"
            " WHERE v.patient <> r.patient GROUP BY r.file"
        ).fetchall()


class Packed(NamedTuple):
    """A chunk as bytes, and what the index keeps of it."""

    data: bytes
    keys: list[tuple[str, str, str]]
    numbers: list[tuple[str, str]]
    needs: list[tuple[str, str, str, int]]
    visits: list[tuple[str, str]]
    records: list[tuple[str, str, str]]


def pack(chunk: Chunk) -> Packed:
    visits, records = [], []
    for entry in chunk.entries:
        mapped = chunk.mapped.get(entry.key)
        patient = mapped.links.get("patient") if mapped is not None else None
        if mapped is None or patient is None or not patient.id:
            continue
        if entry.kind == "Encounter":
            visits.append((entry.id, patient.id))
        elif (visit := mapped.links.get("encounter")) is not None and visit.id:
            records.append((visit.id, patient.id, entry.place))
    return Packed(
        data=pickle.dumps(chunk, pickle.HIGHEST_PROTOCOL),
        keys=[(entry.kind, entry.id, entry.place) for entry in chunk.entries],
        numbers=[
            (f"{entry.kind}?", f"{system}|{value}")
            for entry in chunk.entries
            if entry.kind in BY_IDENTIFIER
            for system, value in entry.identifiers
        ],
        needs=list(_needs(chunk)),
        visits=visits,
        records=records,
    )


def _needs(chunk: Chunk) -> Iterator[tuple[str, str, str, int]]:
    """What the rows of a chunk refer to without its holding it, each once."""
    seen: set[Any] = set()
    own = {entry.key for entry in chunk.entries}
    for entry in chunk.entries:
        for target in (entry.owner, entry.owner_visit, entry.through):
            if target is not None and (target, False) not in seen:
                seen.add((target, False))
                if (key := _index_key(target)) is not None and key not in own:
                    yield (*key, entry.place, 0)
        mapped = chunk.mapped.get(entry.key)
        if mapped is None:
            continue
        for row in mapped.rows():
            for name, target in (*row.links.items(), *row.names.items()):
                if target is None or (target, name == "patient") in seen:
                    continue
                seen.add((target, name == "patient"))
                if name in row.links and name not in _FIRST:
                    continue
                if (key := _index_key(target)) is not None and key not in own:
                    yield (*key, entry.place, int(name == "patient"))


def _index_key(target: Target) -> Key | None:
    if target.id:
        return target.key
    if target.sent[2] is not None and target.kind in BY_IDENTIFIER:
        system, value = target.sent[2]
        return f"{target.kind}?", f"{system}|{value}"
    return None


def _sorted(waits: dict[int, set[int]]) -> list[int]:
    done: dict[int, None] = {}
    while waits:
        ready = [file for file, others in waits.items() if others <= done.keys()]
        for file in ready or list(waits)[:1]:
            done[file] = None
            del waits[file]
    return list(done)
