"""Files as chunks of entries: read strictly, checked wholly, nothing written.

A chunk is what one transaction will write: a Bundle that is one, or some hundred resources of a
stream or of another Bundle.
"""

import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _

from clinik.bulk import json_text
from clinik.fhir import FhirError, Identifier, Reference, check_shape, parse_reference
from clinik.fhir.statuses import STATUS_CODES
from clinik.imports import ImportReport, Mapped
from encounters.fhir import (
    name_of,
    read_allergy,
    read_condition,
    read_encounter,
    read_flag,
    read_patient,
    read_practitioner,
)
from records.bundle.entries import Sent, bundle_entries, identity_of
from records.bundle.files import MOST_LINES, Block
from records.bundle.targets import Key, Target, Targets, targets_of
from records.fhir import (
    read_assessment,
    read_note,
    read_observation,
    read_prescription,
    read_report,
)

# In the order of writing: what others refer to comes first.
READERS: dict[str, Callable[..., Mapped]] = {
    "Practitioner": read_practitioner,
    "Patient": read_patient,
    "Encounter": read_encounter,
    "Condition": read_condition,
    "AllergyIntolerance": read_allergy,
    "Flag": read_flag,
    "Observation": read_observation,
    "DocumentReference": read_note,
    "DiagnosticReport": read_report,
    "MedicationRequest": read_prescription,
    "ClinicalImpression": read_assessment,
}
# They become no row and are kept whole: others refer to them.
KEPT = frozenset({"Organization", "Location", "PractitionerRole", "Medication"})
_ORDER = {kind: place for place, kind in enumerate((*sorted(KEPT), *READERS))}
# Whose they are, for resources of any other type: kept whole where the patient is imported.
_OWNERS = ("subject", "patient", "beneficiary", "for", "individual")
_MAY_BE_UNKNOWN = frozenset(kind for kind, codes in STATUS_CODES.items() if "unknown" in codes)


@dataclass(slots=True)
class Entry:
    """One resource. `place` names it in the report; `create_only` is POST with ifNoneExist: where
    the resource is known already, by id or by the identifier `asked` for, what is there is used.

    Of one that becomes no row `raw` is the whole as JSON, `owner` and `owner_visit` whose it is.
    """

    kind: str
    id: str
    place: str
    full_url: str = ""
    create_only: bool = False
    asked: Identifier | None = None
    identifiers: tuple[tuple[str, str], ...] = ()
    digest: str = ""
    name: str = ""
    raw: str = ""
    owner: Target | None = None
    owner_visit: Target | None = None
    through: Target | None = None

    @property
    def key(self) -> Key:
        return self.kind, self.id

    def whole(self) -> dict[str, Any]:
        """The resource that becomes no row."""
        return json.loads(self.raw) if self.raw else {}


@dataclass
class Chunk:
    """Entries that are written together, with the rows they become.

    `remarks` are what reading them had to say.
    """

    name: str
    entries: list[Entry] = field(default_factory=list)
    mapped: dict[Key, Mapped] = field(default_factory=dict)
    remarks: ImportReport = field(default_factory=ImportReport)


def read_chunks(block: Block) -> Iterator[Chunk]:
    """The block, checked and mapped; raises FhirError with the place and the reason."""
    name = str(block.path)
    stream: list[Sent] = []
    for place, value, odd in block.values():
        _check(value, place, odd)
        if value["resourceType"] == "Bundle":
            if stream:
                yield make_chunk(name, stream)
                stream = []
            yield from _of_bundle(name, value, f"{place}: Bundle" if place else "Bundle")
            continue
        kind = value["resourceType"]
        stream.append(Sent(value, identity_of(value, ""), f"{place}: {kind}" if place else kind))
    if stream:
        yield make_chunk(name, stream)


def _of_bundle(name: str, bundle: dict[str, Any], place: str) -> Iterator[Chunk]:
    """A transaction is one chunk, whatever its size: R4 says that it succeeds or fails as a whole.

    Of other Bundles each entry stands for itself. A long one is written bit by bit as a stream is,
    what others refer to first: nobody waits for it, and a run that was cut off goes on in it.
    """
    sent = bundle_entries(bundle, place)
    if bundle["type"] == "transaction" or len(sent) <= MOST_LINES:
        yield make_chunk(name, sent)
        return
    places = targets_of(sent)
    sent.sort(key=lambda one: _ORDER.get(one.kind, len(_ORDER)))
    for at in range(0, len(sent), MOST_LINES):
        yield make_chunk(name, sent[at : at + MOST_LINES], places)


def _check(value: Any, place: str, odd: bool) -> None:
    if not isinstance(value, dict):
        raise FhirError(place, _("no FHIR resource: an object belongs here"))
    kind = value.get("resourceType")
    here = kind if isinstance(kind, str) and kind else "resource"
    check_shape(value, f"{place}: {here}" if place else here, odd=odd)


def make_chunk(name: str, sent: list[Sent], places: Targets | None = None) -> Chunk:
    """Entries and rows of resources as sent; raises FhirError.

    `places` knows the resources that they may name, where these are not all."""
    chunk = Chunk(name)
    places = places or targets_of(sent)
    for one in sent:
        entry = Entry(
            kind=one.kind,
            id=one.id,
            place=one.place,
            full_url=one.full_url,
            create_only=one.create_only,
            asked=one.asked,
            identifiers=one.identifiers,
        )
        chunk.entries.append(entry)
        if one.kind in READERS:
            if one.resource.get("status") is None and one.kind in _MAY_BE_UNKNOWN:
                reason = _("has no status, taken in as “unknown”")
                chunk.remarks.warn(name, f"{one.place}.status", reason)
            mapped = _map(one, places.medication(one))
            places.link(one, mapped)
            chunk.mapped[entry.key] = mapped
        else:
            _keep(entry, one, places)
    name_uses(chunk, {one.place: one for one in sent})
    for entry in chunk.entries:
        if entry.key in chunk.mapped:
            mapped = chunk.mapped[entry.key]
            mapped.fit(entry.place)
            entry.digest = mapped.digest()
            for place, reason in mapped.remarks:
                chunk.remarks.warn(name, place, reason)
    return chunk


def _map(one: Sent, medication: dict[str, Any] | None) -> Mapped:
    try:
        if one.kind == "MedicationRequest":
            return read_prescription(one.resource, one.place, medication)
        return READERS[one.kind](one.resource, one.place)
    except FhirError:
        raise
    except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
        # A shape nobody thought of: this file is refused, the others go on.
        raise FhirError(one.place, _("not in the shape that R4 gives it")) from error


def _keep(entry: Entry, one: Sent, places: Targets) -> None:
    entry.raw = json_text(one.resource)
    digest = hashlib.sha256(entry.raw.encode()).hexdigest()[:32]
    entry.digest = digest + digest
    if entry.kind in KEPT:
        entry.name = name_of(one.resource)
        if entry.kind == "PractitionerRole":
            place = f"{one.place}.practitioner"
            entry.through = places.find(
                one, parse_reference(one.resource.get("practitioner"), place), "Practitioner"
            )
        return
    entry.owner = next(
        (
            found
            for key in _OWNERS
            if (found := _target(one, one.resource.get(key), "Patient", places)) is not None
        ),
        None,
    )
    visit = one.resource.get("encounter")
    if visit is None and isinstance(context := one.resource.get("context"), dict):
        visit = context if "reference" in context else context.get("encounter")
    if visit is None and isinstance(items := one.resource.get("item"), list):
        # Of a bill the items say it.
        visit = next(
            (i["encounter"] for i in items if isinstance(i, dict) and "encounter" in i), None
        )
    entry.owner_visit = _target(one, visit, "Encounter", places)


def _target(one: Sent, sent: Any, wanted: str, places: Any) -> Target | None:
    """The target where it is of the type wanted; an odd reference of a resource that is not
    modelled is no reason to refuse the file."""
    if isinstance(sent, list):
        sent = sent[0] if sent else None
    try:
        reference: Reference | None = parse_reference(sent, "")
    except FhirError:
        return None
    found = places.find(one, reference, wanted)
    return found if found is not None and found.kind == wanted else None


def name_uses(chunk: Chunk, sent: dict[str, Sent]) -> None:
    """Write use and rank into the chunk's conditions. One Diagnosis per Condition: a second use of
    the same one is reported, not stored. What is not of the chunk stays for the writing."""
    named: set[Key] = set()
    for entry in chunk.entries:
        mapped = chunk.mapped.get(entry.key)
        if mapped is None:
            continue
        patient = mapped.links.get("patient")
        for target, use, rank in mapped.conditions:
            own = chunk.mapped.get(target.key) if target is not None else None
            reason = ""
            if own is None or target.kind != "Condition":
                # Whoever brings it later finds its use and rank here.
                mapped.raw["diagnosis"] = sent[entry.place].resource["diagnosis"]
            elif target.key in named:
                reason = _("names the same condition a second time, left out")
            elif own.links["patient"] != patient or not _use(own, entry, use, rank):
                reason = _("names a condition of another visit, its use is left out")
            else:
                named.add(target.key)
            if reason:
                chunk.remarks.warn(chunk.name, f"{entry.place}.diagnosis", reason)


def _use(condition: Mapped, visit: Entry, use: str, rank: int | None) -> bool:
    of = condition.links.get("encounter")
    if of is None:
        condition.links["encounter"] = Target(*visit.key)
    elif of.key != visit.key:
        return False
    condition.fields |= {"use": use, "rank": rank}
    return True
