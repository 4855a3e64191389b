"""A file as entries: read strictly, checked wholly, nothing written."""

import hashlib
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _

from clinik.fhir import (
    FhirError,
    Identifier,
    Reference,
    check_shape,
    dump_json,
    load_json,
    parse_reference,
)
from clinik.imports import Mapped
from encounters.fhir import (
    read_allergy,
    read_condition,
    read_encounter,
    read_patient,
    read_practitioner,
)
from records.fhir import read_assessment, read_note, read_observation, read_prescription

Key = tuple[str, str]

# In the order of writing: what others refer to comes first.
READERS: dict[str, Callable[[dict[str, Any], str], Mapped]] = {
    "Practitioner": read_practitioner,
    "Patient": read_patient,
    "Encounter": read_encounter,
    "Condition": read_condition,
    "AllergyIntolerance": read_allergy,
    "Observation": read_observation,
    "DocumentReference": read_note,
    "MedicationRequest": read_prescription,
    "ClinicalImpression": read_assessment,
}
# Kept for their names only: they become no row.
NAMED = frozenset({"Organization", "Location"})
_WRITES = frozenset({"POST", "PUT"})
_ID = re.compile(r"[A-Za-z0-9\-.]{1,64}")


@dataclass
class Entry:
    """One resource of a file. `place` names it in the report; `create_only` is POST with
    ifNoneExist: where the resource is known already, by its id or by the identifier `asked` for,
    what is there is used."""

    kind: str
    id: str
    place: str
    resource: dict[str, Any]
    full_url: str = ""
    create_only: bool = False
    asked: Identifier | None = None

    @property
    def key(self) -> Key:
        return self.kind, self.id


@dataclass
class ResourceFile:
    """The entries of one file, and how references find them."""

    name: str
    entries: list[Entry] = field(default_factory=list)
    by_url: dict[str, Entry] = field(default_factory=dict)
    by_key: dict[Key, Entry] = field(default_factory=dict)
    by_identifier: dict[tuple[str, str, str], list[Entry]] = field(default_factory=dict)
    mapped: dict[Key, Mapped] = field(default_factory=dict)

    def add(self, entry: Entry) -> None:
        """Raises FhirError where the same identity stands in the file twice."""
        if entry.full_url:
            if entry.full_url in self.by_url:
                raise FhirError(f"{_entry(entry)}.fullUrl", _("the same fullUrl twice in the file"))
            self.by_url[entry.full_url] = entry
        if entry.key in self.by_key:
            reason = _("%(key)s twice in the file") % {"key": "/".join(entry.key)}
            raise FhirError(entry.place, reason)
        self.by_key[entry.key] = entry
        self.entries.append(entry)
        for item in entry.resource.get("identifier") or []:
            if isinstance(item, dict) and item.get("value"):
                number = (entry.kind, str(item.get("system") or ""), str(item["value"]))
                self.by_identifier.setdefault(number, []).append(entry)

    def map(self) -> None:
        """Turn every modelled resource into rows in the making; raises FhirError."""
        for entry in self.entries:
            if entry.kind in READERS:
                self.mapped[entry.key] = self._map(entry)

    def _map(self, entry: Entry) -> Mapped:
        try:
            if entry.kind == "MedicationRequest":
                medication = self._medication(entry)
                return read_prescription(entry.resource, entry.place, medication)
            return READERS[entry.kind](entry.resource, entry.place)
        except FhirError:
            raise
        except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
            # A shape nobody thought of: this file is refused, the others go on.
            raise FhirError(entry.place, _("not in the shape that R4 gives it")) from error

    def _medication(self, entry: Entry) -> dict[str, Any] | None:
        place = f"{entry.place}.medicationReference"
        reference = parse_reference(entry.resource.get("medicationReference"), place)
        if reference is None:
            return None
        if reference.kind == "contained":
            return contained(entry, reference.id)
        found = self.find(reference, "Medication")
        return found.resource if found else None

    def find(self, reference: Reference, wanted: str) -> Entry | None:
        """The entry that a reference means, as far as it stands in the file."""
        if reference.raw in self.by_url:
            return self.by_url[reference.raw]
        if reference.kind in ("literal", "absolute"):
            return self.by_key.get((reference.resource_type, reference.id))
        if reference.kind in ("conditional", "logical") and reference.identifier:
            kind = reference.resource_type or wanted
            return self._by_identifier(reference.identifier, kind)
        return None

    def _by_identifier(self, identifier: Identifier, kind: str) -> Entry | None:
        """The one resource of the file with this identifier; None for none and for several."""
        if identifier.system is None:
            # Asked for in whatever system.
            found = [
                entry
                for (of_kind, _system, value), entries in self.by_identifier.items()
                if (of_kind, value) == (kind, identifier.value)
                for entry in entries
            ]
        else:
            found = self.by_identifier.get((kind, identifier.system, identifier.value), [])
        return found[0] if len(found) == 1 else None

    def unmodelled(self) -> Counter[str]:
        kinds = (entry.kind for entry in self.entries)
        return Counter(kind for kind in kinds if kind not in READERS and kind not in NAMED)


def contained(entry: Entry, wanted: str) -> dict[str, Any] | None:
    """The contained resource of that id; None where there is none."""
    inner = entry.resource.get("contained") or []
    return next((resource for resource in inner if resource.get("id") == wanted), None)


def read_file(path: Path) -> ResourceFile:
    """The file, checked and mapped; raises FhirError with the place and the reason."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise FhirError("", _("the file cannot be read")) from error
    value = load_json(data)
    file = ResourceFile(str(path))
    if not isinstance(value, dict):
        raise FhirError("", _("no FHIR resource: an object belongs here"))
    kind = value.get("resourceType")
    check_shape(value, kind if isinstance(kind, str) and kind else "resource")
    if kind == "Bundle":
        _read_bundle(value, file)
    else:
        file.add(Entry(value["resourceType"], _identity(value, ""), value["resourceType"], value))
    file.map()
    return file


def _read_bundle(bundle: dict[str, Any], file: ResourceFile) -> None:
    if bundle["type"] != "transaction":
        reason = _("a Bundle of type “%(type)s” is not read, only “transaction”")
        raise FhirError("Bundle.type", reason % {"type": bundle["type"]})
    for number, sent in enumerate(bundle.get("entry") or []):
        file.add(_read_entry(sent, f"Bundle.entry[{number}]"))


def _read_entry(sent: dict[str, Any], place: str) -> Entry:
    request = sent.get("request")
    if not isinstance(request, dict):
        raise FhirError(f"{place}.request", _("is missing"))
    method = request.get("method")
    if method not in _WRITES:
        reason = _("“%(method)s” is not done by an import, which only takes in (POST, PUT)")
        raise FhirError(f"{place}.request.method", reason % {"method": str(method)[:20]})
    resource = sent.get("resource")
    if not isinstance(resource, dict):
        raise FhirError(f"{place}.resource", _("is missing"))
    kind = resource["resourceType"]
    full_url = sent.get("fullUrl") or ""
    if not isinstance(full_url, str):
        raise FhirError(f"{place}.fullUrl", _("text belongs here"))
    identity = _identity(resource, full_url)
    _check_url(request, kind, identity, f"{place}.request.url")
    return Entry(
        kind=kind,
        id=identity,
        place=f"{place}.resource({kind})",
        resource=resource,
        full_url=full_url,
        create_only=method == "POST" and bool(request.get("ifNoneExist")),
        asked=_asked(request, kind, f"{place}.request.ifNoneExist") if method == "POST" else None,
    )


def _check_url(request: dict[str, Any], kind: str, own_id: Any, place: str) -> None:
    """POST goes to the type, PUT to the resource itself (or to a search for it); a server's
    address before it, or a slash around it, changes nothing."""
    sent = str(request.get("url") or "")
    url, mark, query = sent.partition("?")
    url = url.strip("/")
    if "://" in url:
        url = "/".join(url.split("/")[-1 if request["method"] == "POST" or mark else -2 :])
    url += mark + query
    wanted = kind if request["method"] == "POST" else f"{kind}/{own_id}"
    if url != wanted and not (request["method"] == "PUT" and url.startswith(f"{kind}?")):
        reason = _("“%(url)s” does not go with the resource, which is %(wanted)s")
        raise FhirError(place, reason % {"url": sent[:80], "wanted": wanted})


def _asked(request: dict[str, Any], kind: str, place: str) -> Identifier | None:
    """The identifier of ifNoneExist, where that is all it asks for (and in which system)."""
    query = request.get("ifNoneExist")
    if not query:
        return None
    text = str(query).removeprefix(f"{kind}?").removeprefix("?")
    reference = parse_reference({"reference": f"{kind}?{text}"}, place)
    found = reference.identifier if reference else None
    return found if found and found.system else None


def _identity(resource: dict[str, Any], full_url: str) -> str:
    """The source's id; else its fullUrl; else a digest, so that the same content is the same."""
    if resource.get("id"):
        return str(resource["id"])
    last = full_url.rpartition(":" if full_url.startswith("urn:") else "/")[2]
    if _ID.fullmatch(last):
        return last
    if full_url:
        return "url-" + hashlib.sha256(full_url.encode()).hexdigest()[:60]
    return "sha256-" + hashlib.sha256(dump_json(resource, sort_keys=True).encode()).hexdigest()


def _entry(entry: Entry) -> str:
    return entry.place.rpartition(".resource(")[0] or entry.place
