"""Rows to resources: in a stable order, chunk by chunk, a constant number of queries a chunk."""

import base64
import heapq
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from operator import attrgetter
from typing import Any

from django.db.models import QuerySet

from clinik.fhir.canonical import dump_resource
from clinik.models import ImportedResource
from encounters.fhir.people import REPLACED_BY, REPLACES
from encounters.fhir.writing import Parts, Resource
from encounters.models import Patient, Practitioner
from records.exporting.kinds import ORDER, SHARED, TABLES, Part, Table
from records.exporting.labels import Labels
from records.exporting.overlay import overlay, restore, still_true
from records.exporting.references import References, in_order
from records.exporting.rows import fetch, key
from records.exporting.scope import Scope
from records.exporting.snapshot import snapshot
from records.fhir.notes import IN_NOTE

_ROWS = 500
# Resources kept whole may be long.
_WHOLE = 100

Named = tuple[str, Resource]


class Export:
    """What a scope holds, as resources. `counts` says how many of each type have been told."""

    def __init__(self, scope: Scope) -> None:
        self.scope = scope
        self.counts: Counter[str] = Counter()
        self.references = References()
        self.labels: Labels
        # "Organization/1" of all that the scope's own resources refer to, where it gathers them.
        self._named: set[str] = set()

    def lines(self) -> Iterator[tuple[str, str]]:
        """(resource type, the resource as one line of JSON), by type, then by id.

        From one state of the database, which is held until the last is taken or it is closed.
        """
        with snapshot():
            self.labels = Labels()
            if self.scope.gathers:
                self._gather()
            for kind in self.kinds():
                for _xid, resource in self._of_kind(kind):
                    self.counts[kind] += 1
                    yield kind, dump_resource(resource)

    def kinds(self) -> list[str]:
        """The resource types in the order of the export: what others refer to comes first."""
        found = {
            kind for source in self.references.sources for kind in self.references.types(source)
        }
        return [*ORDER, *sorted(found - set(ORDER))]

    def _gather(self) -> None:
        """Whom the scope's own resources name, and whom those name in turn."""
        own = [kind for kind in self.kinds() if kind not in (*SHARED, "Practitioner")]
        new = {name for kind in own for _xid, one in self._of_kind(kind) for name in names(one)}
        while new:
            self._named |= new
            others = (
                one for kind in (*SHARED, "Practitioner") for _xid, one in self._of_kind(kind)
            )
            new = {name for one in others for name in names(one)} - self._named

    def _of_kind(self, kind: str) -> Iterator[Named]:
        streams = [self._table(table) for table in TABLES if table.kind == kind]
        streams.append(self._whole(kind))
        return heapq.merge(*streams, key=lambda named: named[0])

    # Rows

    def _table(self, table: Table) -> Iterator[Named]:
        rows = self.scope.rows(table)
        if self.scope.gathers and table.model is Practitioner:
            rows = self._gathered(Practitioner.objects.order_by(), table)
        ids = in_order(self.references.named(rows, table.kind)).values_list(key(), "xid")
        for chunk in _chunks(ids, _ROWS):
            yield from Chunk(table, chunk, self.references).resources(self.labels)

    def _gathered(self, rows: QuerySet[Any], table: Table) -> QuerySet[Any]:
        wanted = {
            name.partition("/")[2] for name in self._named if name.startswith(table.kind + "/")
        }
        return self.references.named(rows, table.kind).filter(xid__in=sorted(wanted))

    # Resources that became no row

    def _whole(self, kind: str) -> Iterator[Named]:
        keys = self.scope.whole().filter(resource_type=kind)
        if self.scope.gathers and kind in SHARED:
            wanted = [n.partition("/")[2] for n in self._named if n.startswith(f"{kind}/")]
            every = ImportedResource.objects.filter(row_id=None, resource_type=kind)
            keys = self.references.whole(every).filter(xid__in=sorted(wanted))  # type: ignore[misc]
        ids = in_order(self.references.whole(keys)).values_list("pk", "xid")
        for chunk in _chunks(ids, _WHOLE):
            found = ImportedResource.objects.in_bulk([pk for pk, _xid in chunk])
            sent = {pk: _Sent(found[pk].source, found[pk].raw) for pk, _xid in chunk}
            _resolve(sent.values(), self.references)
            for pk, xid in chunk:
                raw = {key: value for key, value in sent[pk].raw.items() if key[0] != "$"}
                raw = self.labels.on(raw, found[pk].patient_id)
                yield xid, {**raw, "resourceType": kind, "id": xid}


class _Sent:
    """What is left of a resource as it was sent, its numbers and references restored."""

    def __init__(self, source: str, raw: Resource, version: int = 0) -> None:
        self.source = source
        self.version = version
        self.references: list[Resource] = []
        self.raw: Resource = restore(raw, self.references)


def _resolve(sent: Any, references: References) -> None:
    """Let every reference go out under the name that its target has here."""
    sent = list(sent)
    references.learn_sent((one.source, ref["reference"]) for one in sent for ref in one.references)
    for one in sent:
        for reference in one.references:
            reference["reference"] = references.sent(one.source, reference["reference"])


class Chunk:
    """Up to 500 rows of a table, with all that their resources are made of."""

    def __init__(
        self, table: Table, ids: Sequence[tuple[Any, str]], references: References
    ) -> None:
        self.table = table
        self.ids = ids
        self.references = references
        keys = [key for key, _xid in ids]
        self.rows = {row.id: row for row in fetch(table.model, table.columns, "id", keys)}
        self.parts = {part.name: self._parts(part) for part in table.parts}
        self.sent = self._sent(keys)
        _resolve(self.sent.values(), references)
        references.learn(self._linked())

    def _parts(self, part: Part) -> Mapping[Any, list[Any]]:
        owners = {getattr(row, part.own) for row in self.rows.values()} - {None}
        found: dict[Any, list[Any]] = defaultdict(list)
        for row in fetch(part.model, part.columns, part.by, list(owners)):
            found[getattr(row, part.by)].append(row)
        return found

    def _sent(self, keys: list[Any]) -> dict[Any, _Sent]:
        """The first key of each row as this type."""
        columns = ("id", "row_id", "source", "raw", "row_version")
        found = fetch(ImportedResource, columns, "row_id", keys, resource_type=self.table.kind)
        found.sort(key=attrgetter("id"), reverse=True)
        return {row.row_id: _Sent(row.source, row.raw, row.row_version) for row in found}

    def _linked(self) -> Iterator[tuple[str, set[Any]]]:
        """Resource types and the rows that are referred to as one."""
        for name, kind in self.table.links:
            yield kind, set(map(attrgetter(name), self.rows.values()))
        for part in self.table.parts:
            rows = [row for found in self.parts[part.name].values() for row in found]
            for name, kind in part.links:
                yield kind, set(map(attrgetter(name), rows))

    def resources(self, labels: Labels) -> Iterator[Named]:
        whose = "id" if self.table.model is Patient else "patient_id"
        for row_id, xid in self.ids:
            row = self.rows[row_id]
            resource = labels.on(self._resource(row), getattr(row, whose, None))
            yield xid, {"resourceType": self.table.kind, "id": xid, **resource}

    def _resource(self, row: Any) -> Resource:
        parts: Parts = {
            part.name: self.parts[part.name].get(getattr(row, part.own), ())
            for part in self.table.parts
        }
        sent = self.sent.get(row.id)
        if sent is None:
            return self.table.write(row, parts, _Link(self, {}))
        raw = sent.raw
        edited = row.version != sent.version or self._parts_edited(parts)
        if not edited:
            row = self._uncut(row, raw)
        built = self.table.write(row, parts, _Link(self, raw))
        raw = self._without_undone(raw, built)
        _fill_in_text(raw, row, parts)
        if edited and self.table.read is not None:
            raw = still_true(built, raw, self.table.read, self.table.kind)
        return overlay(built, raw)

    def _without_undone(self, raw: Resource, built: Resource) -> Resource:
        """A merge that the source told goes out while it stands here, or its other entry is not
        known; one that was not made, or was taken back, does not."""
        if self.table.model is not Patient or "link" not in raw:
            return raw
        told = [
            one
            for one in raw["link"]
            if one.get("type") not in (REPLACED_BY, REPLACES)
            or one in built.get("link", ())
            or not self.references.is_here(one.get("other", {}).get("reference", ""))
        ]
        rest = {key: value for key, value in raw.items() if key != "link"}
        return {**rest, "link": told} if told else rest

    def _parts_edited(self, parts: Parts) -> bool:
        return any(
            not row.source or (row.version > 1 and part.name != "diagnoses")
            for part in self.table.parts
            if part.sent
            for row in parts[part.name]
        )

    def _uncut(self, row: Any, raw: Resource) -> Any:
        """The row with its texts whole where a column was too short for them."""
        mark = f"${self.table.model._meta.model_name}."
        whole = {
            key.removeprefix(mark): value
            for key, value in raw.items()
            if key[0] == "$" and key.startswith(mark) and isinstance(value, str)
        }
        return row._replace(**whole) if whole else row


class _Link:
    """A foreign key of one row as a Reference: encounters.fhir.writing.Link."""

    def __init__(self, chunk: Chunk, raw: Resource) -> None:
        self._references = chunk.references
        self._mark = f"${chunk.table.model._meta.model_name}."
        self._raw = raw

    def __call__(self, kind: str, row_id: Any, name: str = "") -> Resource | None:
        if row_id is not None:
            target = self._references.row(kind, row_id)
            return {"reference": target} if target else None
        sent = self._raw.get(self._mark + name) if name else None
        return sent if isinstance(sent, dict) else None


def _fill_in_text(raw: Resource, row: Any, parts: Parts) -> None:
    """A note's text, which `raw` does not keep a second time."""
    for name in ("content", "presentedForm"):
        for one in raw.get(name, ()):
            attachment = one.get("attachment", one) if isinstance(one, dict) else {}
            if attachment.get("data") == IN_NOTE:
                text = row.content if name == "content" else _first_text(parts)
                charset = (
                    str(attachment.get("contentType", "")).partition("charset=")[2].strip(' "')
                )
                attachment["data"] = _encoded(text, charset)


def _first_text(parts: Parts) -> str:
    return next((note.content for note in parts.get("note", ())), "")


def _encoded(text: str, charset: str) -> str:
    try:
        data = text.encode(charset or "utf-8")
    except (LookupError, UnicodeEncodeError):
        data = text.encode()
    return base64.b64encode(data).decode("ascii")


def names(value: Any) -> Iterator[str]:
    """ "Type/id" of every reference in a resource."""
    if isinstance(value, dict):
        if isinstance(value.get("reference"), str):
            yield value["reference"]
        for item in value.values():
            yield from names(item)
    elif isinstance(value, list):
        for item in value:
            yield from names(item)


def _chunks(rows: QuerySet[Any], size: int) -> Iterator[list[Any]]:
    """From a cursor that stays open: sorted once, read bit by bit."""
    found = rows.iterator(chunk_size=size)
    while chunk := list(islice(found, size)):
        yield chunk
