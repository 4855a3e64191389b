"""What is known of a file's resources before it is written: one query a resource type."""

import uuid
from collections import defaultdict
from collections.abc import Iterable

from django.db.models import Model
from django.utils.translation import gettext as _

from clinik.codes import NPI
from clinik.fhir import FhirError
from clinik.ids import uuid7
from clinik.models import ImportedResource
from encounters.models import Encounter, Patient, PatientIdentifier, PractitionerIdentifier
from records.bundle.reading import NAMED, READERS, Entry, Key, ResourceFile
from records.bundle.targets import configured, outside

_IDENTIFIERS: dict[str, tuple[type[Model], str]] = {
    "Patient": (PatientIdentifier, "patient"),
    "Practitioner": (PractitionerIdentifier, "practitioner"),
}
# Both databases take more, but not without end.
_AT_ONCE = 500


class Known:
    """`keys` are the import keys there are, `row_ids` the row of every resource of the file and of
    those it refers to, `joined` new keys of rows that are known by NPI or clinic number, `owners`
    the patient of each visit (of the file's own: once they are finished)."""

    def __init__(self, file: ResourceFile, source: str) -> None:
        self.keys: dict[Key, ImportedResource] = {}
        self.row_ids: dict[Key, uuid.UUID] = {}
        self.joined: dict[Key, tuple[uuid.UUID, int]] = {}
        self.by_number: dict[tuple[str, str], tuple[uuid.UUID, int]] = {}
        self.owners: dict[uuid.UUID, uuid.UUID] = {}
        keys, numbers = outside(file)
        self._load_keys(source, {entry.key for entry in file.entries} | keys)
        self._load_numbers(numbers | self._own_numbers(file))
        self._load_asked(file)
        self._load_owners()
        self._assign(file)

    def forget(self, key: Key) -> None:
        """The resource becomes no row, so nothing may name it."""
        if key not in self.keys:
            self.row_ids.pop(key, None)

    def _load_keys(self, source: str, wanted: Iterable[Key]) -> None:
        by_kind: dict[str, list[str]] = defaultdict(list)
        for kind, resource_id in wanted:
            if kind in READERS or kind in NAMED:
                by_kind[kind].append(resource_id)
        for kind, ids in by_kind.items():
            for part in _parts(sorted(ids)):
                found = ImportedResource.objects.filter(
                    source=source, resource_type=kind, resource_id__in=part
                )
                for key in found:
                    self.keys[kind, key.resource_id] = key
                    if key.row_id is not None:
                        self.row_ids[kind, key.resource_id] = key.row_id

    def _own_numbers(self, file: ResourceFile) -> set[tuple[str, str]]:
        numbers = {self._number_of(file, entry) for entry in file.entries}
        return {(kind, number) for kind, number in numbers if number}

    def _number_of(self, file: ResourceFile, entry: Entry) -> tuple[str, str]:
        """The configured identifier of a resource not imported yet; empty without one."""
        mapped = file.mapped.get(entry.key)
        if mapped is None or entry.key in self.keys:
            return entry.kind, ""
        found = (configured(entry.kind, system, value) for system, value in mapped.identifiers)
        return entry.kind, next(filter(None, found), "")

    def _load_numbers(self, numbers: set[tuple[str, str]]) -> None:
        for part in _parts(sorted(value for kind, value in numbers if kind == "Practitioner")):
            found = PractitionerIdentifier.objects.filter(system=NPI, value__in=part).values_list(
                "value", "practitioner_id", "practitioner__version"
            )
            for value, row_id, version in found:
                self.by_number["Practitioner", value] = (row_id, version)
        for part in _parts(sorted(value for kind, value in numbers if kind == "Patient")):
            people = Patient.objects.filter(mrn__in=part).values_list("mrn", "pk", "version")
            for value, row_id, version in people:
                self.by_number["Patient", value] = (row_id, version)

    def _load_asked(self, file: ResourceFile) -> None:
        """Who POST with ifNoneExist found by an identifier of any system: the sender asked so.

        Raises FhirError where several have it (R4: such a transaction fails).
        """
        for kind, (model, owner) in _IDENTIFIERS.items():
            asked = {
                entry.key: (entry.asked.system or "", entry.asked.value)
                for entry in file.entries
                if entry.kind == kind and entry.asked and entry.key not in self.keys
            }
            people: dict[tuple[str, str], dict[uuid.UUID, int]] = defaultdict(dict)
            for part in _parts(sorted({value for _system, value in asked.values()})):
                for system, value, row_id, version in model._default_manager.filter(
                    value__in=part
                ).values_list("system", "value", f"{owner}_id", f"{owner}__version"):
                    people[system, value][row_id] = version
            for key, number in asked.items():
                if len(people[number]) > 1:
                    reason = _("ifNoneExist finds several, not one")
                    raise FhirError(file.by_key[key].place, reason)
                for found in people[number].items():
                    self.joined[key] = found
                    self.row_ids[key] = found[0]

    def _load_owners(self) -> None:
        visits = [row_id for key, row_id in self.row_ids.items() if key[0] == "Encounter"]
        for part in _parts(visits):
            self.owners |= dict(
                Encounter.objects.filter(pk__in=part).values_list("pk", "patient_id")
            )

    def _assign(self, file: ResourceFile) -> None:
        """Ids before rows, so that resources may name each other in any order."""
        for entry in file.entries:
            if entry.kind not in READERS or entry.key in self.row_ids:
                continue
            number = self._number_of(file, entry)
            if number in self.by_number:
                self.joined[entry.key] = self.by_number[number]
                self.row_ids[entry.key] = self.joined[entry.key][0]
            else:
                self.row_ids[entry.key] = uuid7()
                if number[1]:
                    # A second entry of the same file with this number is the same person.
                    self.by_number[number] = (self.row_ids[entry.key], 1)


def _parts(values: list) -> Iterable[list]:
    return (values[at : at + _AT_ONCE] for at in range(0, len(values), _AT_ONCE))
