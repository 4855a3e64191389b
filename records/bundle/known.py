"""What is known of a chunk's resources before it is written: a query or two a resource type."""

import uuid
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from django.db import connection
from django.db.models import Model
from django.utils.translation import gettext as _

from clinik.bulk import in_parts
from clinik.codes import NPI
from clinik.fhir import FhirError, parse_reference
from clinik.ids import uuid7
from clinik.models import ImportedIdentifier, ImportedResource
from encounters.models import Encounter, Patient, PatientIdentifier, PractitionerIdentifier
from records.bundle.reading import READERS, Chunk, Entry
from records.bundle.targets import Key, Target, configured, elsewhere

_IDENTIFIERS: dict[str, tuple[type[Model], str]] = {
    "Patient": (PatientIdentifier, "patient"),
    "Practitioner": (PractitionerIdentifier, "practitioner"),
}
_FIND = (
    "SELECT resource_id, row_id FROM clinik_importedresource"
    " WHERE source = %%s AND resource_type = %%s AND resource_id IN (%s)"
)


class Known:
    """`keys` are the import keys there are, `row_ids` the row of every resource of the chunk and of
    those it refers to, `joined` new keys of rows that are known by NPI or clinic number, `owners`
    the patient of each visit (of the chunk's own: once they are finished)."""

    def __init__(
        self, chunk: Chunk, source: str, *, will_be: Callable[[Key], uuid.UUID | None]
    ) -> None:
        """`will_be` gives ids to what other files of a dry run would bring."""
        self.source = source
        self.will_be = will_be
        self.keys: dict[Key, ImportedResource] = {}
        self.row_ids: dict[Key, uuid.UUID] = {}
        self.joined: dict[Key, tuple[uuid.UUID, int]] = {}
        self.by_number: dict[tuple[str, str], tuple[uuid.UUID, int]] = {}
        self.owners: dict[uuid.UUID, uuid.UUID] = {}
        # (type, system or None for any, value) -> the ids of the source that have it
        self.by_identifier: dict[tuple[str, str | None, str], set[str]] = defaultdict(set)
        targets = list(set(_targets(chunk)))
        self._load_identifiers(chunk, targets)
        asked = {
            (kind, found)
            for (kind, _system, _value), ids in self.by_identifier.items()
            for found in ids
        }
        own = {entry.key for entry in chunk.entries} | asked
        self._load_keys(own)
        self._load_rows({target.key for target in targets if target.id} - own)
        self._load_roles()
        numbers = {(t.kind, t.number) for t in targets if t.number}
        self._load_numbers(numbers | self._own_numbers(chunk))
        self._load_asked(chunk)
        self._load_owners()
        self._assign(chunk)

    def row_id(self, target: Target) -> uuid.UUID | None:
        """The row behind a target; None where there is none (yet)."""
        target = self.followed(target)
        if target.id:
            return self.row_ids.get(target.key)
        if target.number:
            found = self.by_number.get((target.kind, target.number))
            if found is not None:
                return found[0]
        if (key := self._identified(target)) is not None:
            return self.row_ids.get(key)
        return None

    def key(self, target: Target) -> ImportedResource | None:
        """The import key behind a target, where it was imported before."""
        if target.id:
            return self.keys.get(target.key)
        found = self._identified(target)
        return self.keys.get(found) if found else None

    def followed(self, target: Target) -> Target:
        """The practitioner of a PractitionerRole that an earlier file brought; else itself."""
        if target.kind != "PractitionerRole":
            return target
        key = self.key(target)
        through = _practitioner_of(key) if key is not None else None
        return through._replace(sent=target.sent) if through is not None else target

    def _identified(self, target: Target) -> Key | None:
        """The one resource with the identifier asked for; None for none and for several."""
        sent = target.sent[2]
        if sent is None or target.id:
            return None
        system = target.system if target.value else sent[0]
        found = self.by_identifier.get((target.kind, system, sent[1]), set())
        return (target.kind, next(iter(found))) if len(found) == 1 else None

    def forget(self, key: Key) -> None:
        """The resource becomes no row, so nothing may name it."""
        if key not in self.keys:
            self.row_ids.pop(key, None)

    def _load_identifiers(self, chunk: Chunk, targets: Iterable[Target]) -> None:
        wanted: dict[str, set[tuple[str | None, str]]] = defaultdict(set)
        for target in targets:
            if target.sent[2] is not None and not target.id:
                system = target.system if target.value else target.sent[2][0]
                wanted[target.kind].add((system, target.sent[2][1]))
        for entry in chunk.entries:
            if entry.asked is not None:
                wanted[entry.kind].add((entry.asked.system, entry.asked.value))
        for kind, asked in wanted.items():
            for part in in_parts({value for _system, value in asked}):
                found = ImportedIdentifier.objects.filter(
                    source=self.source, resource_type=kind, value__in=part
                ).values_list("system", "value", "resource_id")
                for system, value, resource_id in found:
                    self.by_identifier[kind, system, value].add(resource_id)
                    self.by_identifier[kind, None, value].add(resource_id)

    def _load_keys(self, wanted: Iterable[Key]) -> None:
        by_kind: dict[str, list[str]] = defaultdict(list)
        for kind, resource_id, _row_id in self._rows_of(wanted):
            by_kind[kind].append(resource_id)
        # Only what is there is read whole.
        for kind, ids in by_kind.items():
            for part in in_parts(ids):
                found = ImportedResource.objects.filter(
                    source=self.source, resource_type=kind, resource_id__in=part
                )
                for key in found.defer("raw") if kind in READERS else found:
                    self.keys[kind, key.resource_id] = key
        self._will_be(wanted)

    def _load_rows(self, wanted: Iterable[Key]) -> None:
        """Of what is only referred to the row is enough, but for what became none."""
        self._load_keys({key for key in wanted if key[0] not in READERS})
        for _found in self._rows_of(key for key in wanted if key[0] in READERS):
            pass
        self._will_be(wanted)

    def _rows_of(self, wanted: Iterable[Key]) -> Iterator[tuple[str, str, uuid.UUID | None]]:
        """(type, id, row) of what was imported before; remembers the rows.

        In plain SQL: most of an import asks in vain, and Django takes longer to ask than the
        database to answer.
        """
        by_kind: dict[str, list[str]] = defaultdict(list)
        for kind, resource_id in wanted:
            by_kind[kind].append(resource_id)
        with connection.cursor() as cursor:
            for kind, ids in by_kind.items():
                for part in in_parts(ids):
                    cursor.execute(
                        _FIND % ", ".join(["%s"] * len(part)), [self.source, kind, *part]
                    )
                    for resource_id, row_id in cursor.fetchall():
                        row = None if row_id is None else _uuid(row_id)
                        if row is not None:
                            self.row_ids[kind, resource_id] = row
                        yield kind, resource_id, row

    def _will_be(self, wanted: Iterable[Key]) -> None:
        for asked in wanted:
            if asked not in self.row_ids and (row_id := self.will_be(asked)) is not None:
                self.row_ids[asked] = row_id

    def _load_roles(self) -> None:
        """The practitioners behind the roles that are referred to."""
        through = [
            found
            for key in self.keys.values()
            if key.resource_type == "PractitionerRole"
            and (found := _practitioner_of(key)) is not None
        ]
        self._load_rows({target.key for target in through if target.id})
        self._load_numbers({(t.kind, t.number) for t in through if t.number})

    def _own_numbers(self, chunk: Chunk) -> set[tuple[str, str]]:
        numbers = {self._number_of(chunk, entry) for entry in chunk.entries}
        return {(kind, number) for kind, number in numbers if number}

    def _number_of(self, chunk: Chunk, entry: Entry) -> tuple[str, str]:
        """The configured identifier of a resource not imported yet; empty without one."""
        if entry.kind not in _IDENTIFIERS or entry.key in self.keys:
            return entry.kind, ""
        found = (configured(entry.kind, system, value) for system, value in entry.identifiers)
        return entry.kind, next(filter(None, found), "")

    def _load_numbers(self, numbers: set[tuple[str, str]]) -> None:
        for part in in_parts(value for kind, value in numbers if kind == "Practitioner"):
            found = PractitionerIdentifier.objects.filter(system=NPI, value__in=part).values_list(
                "value", "practitioner_id", "practitioner__version"
            )
            for value, row_id, version in found:
                self.by_number["Practitioner", value] = (row_id, version)
        for part in in_parts(value for kind, value in numbers if kind == "Patient"):
            people = Patient.objects.filter(mrn__in=part).values_list("mrn", "pk", "version")
            for value, row_id, version in people:
                self.by_number["Patient", value] = (row_id, version)

    def _load_asked(self, chunk: Chunk) -> None:
        """Who ifNoneExist or a PUT by search found by an identifier of any system: the sender asked
        so.

        Raises FhirError where several have it (R4: such a transaction fails).
        """
        asked = [entry for entry in chunk.entries if entry.asked and entry.key not in self.keys]
        for entry in asked:
            assert entry.asked is not None
            found = self.by_identifier.get((entry.kind, entry.asked.system, entry.asked.value))
            if found and len(found) > 1:
                raise FhirError(entry.place, _("ifNoneExist finds several, not one"))
            if found and (key := self.keys.get((entry.kind, next(iter(found))))) is not None:
                # Imported before under another id: this is its resource.
                self.keys[entry.key] = key
                if key.row_id is not None:
                    self.row_ids[entry.key] = key.row_id
        for kind, (model, owner) in _IDENTIFIERS.items():
            left = [e for e in asked if e.kind == kind and e.key not in self.keys]
            self._join_by_identifier(left, model, owner)

    def _join_by_identifier(self, asked: list[Entry], model: type[Model], owner: str) -> None:
        people: dict[tuple[str, str], dict[uuid.UUID, int]] = defaultdict(dict)
        for part in in_parts({entry.asked.value for entry in asked if entry.asked}):
            for system, value, row_id, version in model._default_manager.filter(
                value__in=part
            ).values_list("system", "value", f"{owner}_id", f"{owner}__version"):
                people[system, value][row_id] = version
        for entry in asked:
            assert entry.asked is not None
            number = (entry.asked.system or "", entry.asked.value)
            if len(people[number]) > 1:
                raise FhirError(entry.place, _("ifNoneExist finds several, not one"))
            for found in people[number].items():
                self.joined[entry.key] = found
                self.row_ids[entry.key] = found[0]

    def _load_owners(self) -> None:
        visits = [row_id for key, row_id in self.row_ids.items() if key[0] == "Encounter"]
        for part in in_parts(visits):
            self.owners |= dict(
                Encounter.objects.filter(pk__in=part).values_list("pk", "patient_id")
            )

    def _assign(self, chunk: Chunk) -> None:
        """Ids before rows, so that resources may name each other in any order."""
        for entry in chunk.entries:
            if entry.kind not in READERS or entry.key in self.row_ids:
                continue
            number = self._number_of(chunk, entry)
            if number in self.by_number:
                self.joined[entry.key] = self.by_number[number]
                self.row_ids[entry.key] = self.joined[entry.key][0]
            else:
                self.row_ids[entry.key] = uuid7()
                if number[1]:
                    # A second entry of the same chunk with this number is the same person.
                    self.by_number[number] = (self.row_ids[entry.key], 1)


def _targets(chunk: Chunk) -> Iterator[Target]:
    """Everything that the rows of a chunk refer to."""
    for mapped in chunk.mapped.values():
        for row in mapped.rows():
            yield from filter(None, row.links.values())
            yield from filter(None, row.names.values())
        yield from (condition for condition, _use, _rank in mapped.conditions if condition)
        yield from (other for other, _kind in mapped.merges if other)
    for entry in chunk.entries:
        yield from filter(None, (entry.owner, entry.owner_visit, entry.through))


def _practitioner_of(role: ImportedResource) -> Target | None:
    sent: Any = role.raw.get("practitioner")
    try:
        reference = parse_reference(sent, "practitioner")
    except FhirError:
        return None
    return elsewhere(reference, "Practitioner") if reference is not None else None


def _uuid(value: Any) -> uuid.UUID:
    return value if isinstance(value, uuid.UUID) else uuid.UUID(value)
