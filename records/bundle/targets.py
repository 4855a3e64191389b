"""What a reference means: an entry of its chunk, or a resource from elsewhere."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from clinik import mrn
from clinik.codes import NPI
from clinik.fhir import Reference, parse_reference
from clinik.imports import Mapped
from clinik.models import MRN_SYSTEM
from encounters.fhir import name_of
from records.bundle.entries import Sent

Key = tuple[str, str]

# Foreign keys and the resource type that belongs behind them.
LINK_KINDS = {
    "patient": "Patient",
    "practitioner": "Practitioner",
    "general_practitioner": "Practitioner",
    "author": "Practitioner",
    "encounter": "Encounter",
    "part_of": "Encounter",
    "previous": "ClinicalImpression",
    "about": "DocumentReference",
    "observation": "Observation",
    "medication": "Medication",
}
# Text columns that take a name, and whose it usually is.
NAME_KINDS = {"service_provider": "Organization", "location": "Location", "name": "Practitioner"}
# Those that may be looked up by any identifier, in a reference like Location?identifier=...
BY_IDENTIFIER = frozenset(
    {
        "Patient", "Practitioner", "PractitionerRole", "Organization", "Location", "Encounter",
        "Medication",
    }
)  # fmt: skip


class Target(NamedTuple):
    """`id` is the source's id of the resource; `number` a configured identifier (NPI, clinic
    number) and `system` + `value` any identifier to look up; none of them: it is contained, or in
    words only. `name` is what it is called where its chunk says so. `sent` is the reference as it
    was sent: its text, its display, its logical identifier.
    """

    kind: str
    id: str = ""
    number: str = ""
    system: str | None = None
    value: str = ""
    name: str = ""
    sent: tuple[str, str, tuple[str, str] | None] = ("", "", None)

    @property
    def key(self) -> Key:
        return self.kind, self.id

    @property
    def display(self) -> str:
        return self.sent[1]

    @property
    def is_known_of(self) -> bool:
        """Whether there is anything to look for."""
        return bool(self.id or self.number or self.value)

    def words(self) -> str:
        """The same for the same target, however the reference is written: for digests."""
        if self.id:
            return f"{self.kind}/{self.id}"
        if self.number or self.value:
            return f"{self.kind}?{self.number}{self.system}|{self.value}"
        return f"{self.kind}:{self.sent[0]}:{self.display}"

    def as_sent(self) -> dict[str, Any]:
        """For `raw`: whom it names, in the sender's words."""
        text, display, identifier = self.sent
        parts = {
            "reference": text,
            "display": display,
            "identifier": identifier
            and not text
            and {"system": identifier[0], "value": identifier[1]},
        }
        return {name: value for name, value in parts.items() if value}


def configured(kind: str, system: str, value: str) -> str:
    """The identifier as it is looked up, where it says who somebody is; else empty."""
    if kind == "Practitioner" and system == NPI:
        return value
    if kind == "Patient" and system == MRN_SYSTEM and mrn.is_valid(value):
        return mrn.normalise(value)
    return ""


def targets_of(sent: Sequence[Sent]) -> "Targets":
    return Targets(sent)


class Targets:
    """Finds what the references of one chunk mean. Pure: it knows the chunk and nothing else."""

    def __init__(self, sent: Iterable[Sent]) -> None:
        self.by_url: dict[str, Sent] = {}
        self.by_key: dict[Key, Sent] = {}
        self.by_identifier: dict[tuple[str, str, str], list[Sent]] = defaultdict(list)
        for one in sent:
            self.by_key[one.kind, one.id] = one
            if one.full_url:
                self.by_url[one.full_url] = one
            for system, value in one.identifiers:
                self.by_identifier[one.kind, system, value].append(one)
        # The same reference stands in hundreds of resources.
        self._found: dict[tuple[Reference, str], Target] = {}

    def find(self, one: Sent, reference: Reference | None, wanted: str) -> Target | None:
        """What `reference` in `one` means; None where there is no reference.

        `wanted` is the type for references that do not say one. A PractitionerRole of the chunk is
        followed to its practitioner.
        """
        if reference is None:
            return None
        if reference.kind == "contained":
            return self._contained(one, reference)
        known = (reference, wanted)
        if known not in self._found:
            self._found[known] = self._find(reference, wanted)
        return self._found[known]

    def _contained(self, one: Sent, reference: Reference) -> Target:
        inner = one.contained(reference.id)
        kind = str(inner["resourceType"]) if inner else ""
        return Target(kind, name=name_of(inner) if inner else "", sent=_sent(reference))

    def _find(self, reference: Reference, wanted: str) -> Target:
        found = self.entry(reference, wanted)
        if found is not None:
            if found.kind == "PractitionerRole" and wanted == "Practitioner":
                return self._through(found, reference)
            return Target(found.kind, found.id, name=_title(found), sent=_sent(reference))
        return elsewhere(reference, wanted)

    def entry(self, reference: Reference, wanted: str) -> Sent | None:
        """The resource that a reference means, as far as it stands in the chunk."""
        if reference.raw in self.by_url:
            return self.by_url[reference.raw]
        if reference.kind in ("literal", "absolute"):
            return self.by_key.get((reference.resource_type, reference.id))
        if reference.kind in ("conditional", "logical") and reference.identifier:
            kind = reference.resource_type or wanted
            return self._by_identifier(kind, reference.identifier.system, reference)
        return None

    def _by_identifier(self, kind: str, system: str | None, reference: Reference) -> Sent | None:
        """The one resource with this identifier; None for none and for several."""
        assert reference.identifier is not None
        value = reference.identifier.value
        if system is None:
            # Asked for in whatever system.
            found = [
                one
                for (of_kind, _system, given), ones in self.by_identifier.items()
                if (of_kind, given) == (kind, value)
                for one in ones
            ]
        else:
            found = self.by_identifier.get((kind, system, value), [])
        return found[0] if len(found) == 1 else None

    def _through(self, role: Sent, reference: Reference) -> Target:
        inner = parse_reference(role.resource.get("practitioner"), f"{role.place}.practitioner")
        found = self.entry(inner, "Practitioner") if inner is not None else None
        if found is not None and found.kind == "Practitioner":
            return Target(found.kind, found.id, name=_title(found), sent=_sent(reference))
        if inner is None or found is not None:
            return Target("", sent=_sent(reference))
        return elsewhere(inner, "Practitioner")._replace(sent=_sent(reference))

    def medication(self, one: Sent) -> dict[str, Any] | None:
        """The Medication that a MedicationRequest refers to, where the chunk holds it."""
        if one.kind != "MedicationRequest":
            return None
        sent = one.resource.get("medicationReference")
        reference = parse_reference(sent, f"{one.place}.medicationReference")
        if reference is None:
            return None
        if reference.kind == "contained":
            return one.contained(reference.id)
        found = self.entry(reference, "Medication")
        return found.resource if found is not None and found.kind == "Medication" else None

    def link(self, one: Sent, mapped: Mapped) -> None:
        """Put targets in the place of the references of a resource's rows."""
        for row in (mapped, *mapped.parts):
            for name, reference in row.links.items():
                row.links[name] = self.find(one, reference, LINK_KINDS[name])
            for name, reference in row.names.items():
                row.names[name] = self.find(one, reference, NAME_KINDS.get(name, ""))
        mapped.conditions = [
            (self.find(one, reference, "Condition"), use, rank)
            for reference, use, rank in mapped.conditions
        ]
        mapped.merges = [
            (self.find(one, reference, "Patient"), kind) for reference, kind in mapped.merges
        ]
        if mapped.text is not None:
            self.link(one, mapped.text)


def elsewhere(reference: Reference, wanted: str) -> Target:
    sent = _sent(reference)
    if reference.kind == "urn":
        return Target(wanted, reference.raw.rpartition(":")[2], sent=sent)
    if reference.kind in ("literal", "absolute") and reference.id:
        return Target(reference.resource_type, reference.id, sent=sent)
    kind = reference.resource_type or wanted
    if reference.identifier:
        system, value = reference.identifier.system, reference.identifier.value
        if number := configured(kind, system or "", value):
            return Target(kind, number=number, sent=sent)
        if kind in BY_IDENTIFIER:
            return Target(kind, system=system, value=value, sent=sent)
    return Target(reference.resource_type, sent=sent)


def _sent(reference: Reference) -> tuple[str, str, tuple[str, str] | None]:
    identifier = reference.identifier
    return (
        reference.raw,
        reference.display,
        (identifier.system or "", identifier.value) if identifier else None,
    )


def _title(one: Sent) -> str:
    if one.kind in ("Organization", "Location", "Practitioner", "PractitionerRole", "Patient"):
        return name_of(one.resource)
    return ""
