"""What a reference of a file means: an entry of the file, or a resource from elsewhere."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from clinik import mrn
from clinik.codes import NPI
from clinik.fhir import Reference, parse_reference
from clinik.imports import Row
from clinik.models import MRN_SYSTEM
from records.bundle.reading import Entry, Key, ResourceFile, contained

# Foreign keys and the resource type that belongs behind them.
LINK_KINDS = {
    "patient": "Patient",
    "practitioner": "Practitioner",
    "general_practitioner": "Practitioner",
    "author": "Practitioner",
    "encounter": "Encounter",
    "part_of": "Encounter",
    "previous": "ClinicalImpression",
}
# Text columns that take a name, and whose it usually is.
NAME_KINDS = {"service_provider": "Organization", "location": "Location", "name": "Practitioner"}


@dataclass(frozen=True)
class Target:
    """`id` is empty for a contained resource; `number` is a configured identifier to look up."""

    kind: str
    id: str = ""
    resource: dict[str, Any] | None = None
    number: str = ""

    @property
    def key(self) -> Key:
        return self.kind, self.id


def find_target(
    file: ResourceFile, reference: Reference, wanted: str, entry: Entry
) -> Target | None:
    """What `reference` in `entry` means; None where it names nobody that could be known.

    `wanted` is the type for references that do not say one. A PractitionerRole in the file is
    followed to its practitioner.
    """
    if reference.kind == "contained":
        inner = contained(entry, reference.id)
        return Target(inner["resourceType"], resource=inner) if inner else None
    found = file.find(reference, wanted)
    if found is not None:
        if found.kind == "PractitionerRole" and wanted == "Practitioner":
            return _through_role(file, found)
        return Target(found.kind, found.id, found.resource)
    return _elsewhere(reference, wanted)


def _elsewhere(reference: Reference, wanted: str) -> Target | None:
    if reference.kind == "urn":
        return Target(wanted, reference.raw.rpartition(":")[2])
    if reference.kind in ("literal", "absolute") and reference.id:
        return Target(reference.resource_type, reference.id)
    kind = reference.resource_type or wanted
    if reference.identifier:
        number = configured(kind, reference.identifier.system or "", reference.identifier.value)
        return Target(kind, number=number) if number else None
    return None


def configured(kind: str, system: str, value: str) -> str:
    """The identifier as it is looked up, where it says who somebody is; else empty."""
    if kind == "Practitioner" and system == NPI:
        return value
    if kind == "Patient" and system == MRN_SYSTEM and mrn.is_valid(value):
        return mrn.normalise(value)
    return ""


def _through_role(file: ResourceFile, role: Entry) -> Target | None:
    reference = parse_reference(role.resource.get("practitioner"), f"{role.place}.practitioner")
    if reference is None:
        return None
    found = file.find(reference, "Practitioner")
    if found is not None:
        return Target(found.kind, found.id, found.resource)
    return _elsewhere(reference, "Practitioner")


def references(file: ResourceFile) -> Iterator[tuple[Entry, str, Reference]]:
    """Every reference of the file's rows, with the type that is wanted there."""
    for entry in file.entries:
        mapped = file.mapped.get(entry.key)
        if mapped is None:
            continue
        for row in (mapped, *mapped.parts):
            for wanted, reference in _of_row(row):
                yield entry, wanted, reference
        for reference, _use, _rank in mapped.conditions:
            yield entry, "Condition", reference


def _of_row(row: Row) -> Iterator[tuple[str, Reference]]:
    for name, reference in row.links.items():
        if reference is not None:
            yield LINK_KINDS[name], reference
    for name, reference in row.names.items():
        if reference is not None:
            yield NAME_KINDS.get(name, ""), reference


def outside(file: ResourceFile) -> tuple[set[Key], set[Key]]:
    """What the file refers to without holding it: (keys, configured numbers as (kind, number))."""
    keys, numbers = set(), set()
    for entry, wanted, reference in references(file):
        target = find_target(file, reference, wanted, entry)
        if target is None or target.resource is not None:
            continue
        if target.number:
            numbers.add((target.kind, target.number))
        else:
            keys.add(target.key)
    return keys, numbers
