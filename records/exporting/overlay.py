"""A resource as its columns build it, under what is left of it as it was sent."""

from collections.abc import Callable
from functools import cache
from typing import Any

from clinik.fhir import FhirError, Number, Reference, load_json
from clinik.fhir.canonical import digits, dump_resource
from clinik.imports import Mapped, Row
from clinik.models import MRN_SYSTEM
from encounters.fhir.common import UNSENT
from encounters.fhir.writing import Resource

# Elements of which R4 allows one kind: value[x] and the like.
_CHOICES = (
    "value", "effective", "onset", "abatement", "deceased", "multipleBirth", "medication",
)  # fmt: skip
# Columns that an import fills and nobody edits.
_NEVER_EDITED = ("recordedDate",)


def restore(value: Any, references: list[Resource]) -> Any:
    """JSON as it lies in `raw`, with the digits of its numbers; collects its References."""
    if isinstance(value, dict):
        if "$decimal" in value:
            return digits(value["$decimal"])
        for key, item in value.items():
            if item.__class__ is dict or item.__class__ is list:
                value[key] = restore(item, references)
        if isinstance(value.get("reference"), str):
            references.append(value)
    elif isinstance(value, list):
        for place, item in enumerate(value):
            if item.__class__ is dict or item.__class__ is list:
                value[place] = restore(item, references)
    return value


def overlay(built: Resource, raw: Resource) -> Resource:
    """What was sent in place of what was built: whole elements, one kind of each choice."""
    if not raw:
        return built
    sent = {key: value for key, value in raw.items() if key[0] != "$"}
    chosen = {choice for key in sent if (choice := _choice(key))}
    result = built.copy()
    if chosen:
        result = {key: value for key, value in built.items() if _choice(key) not in chosen}
    for name in raw.get(UNSENT, ()):
        result.pop(name, None)
    result |= sent
    if "identifier" in sent and "identifier" in built:
        _keep_clinic_number(result, built)
    if "extension" in sent and "extension" in built:
        urls = {one.get("url") for one in sent["extension"]}
        ours = [one for one in built["extension"] if one["url"] not in urls]
        result["extension"] = sent["extension"] + ours
    if "link" in sent and "link" in built:
        others = [one for one in sent["link"] if one not in built["link"]]
        result["link"] = built["link"] + others
    return result


@cache
def _choice(key: str) -> str:
    for name in _CHOICES:
        if key.startswith(name) and key[len(name) : len(name) + 1].isupper():
            return name
    return ""


def _keep_clinic_number(result: Resource, built: Resource) -> None:
    """The sender knows no clinic number, and no export is without it."""
    ours = [one for one in built["identifier"] if one.get("system") == MRN_SYSTEM]
    others = [one for one in result["identifier"] if one.get("system") != MRN_SYSTEM]
    result["identifier"] = ours + others


def still_true(
    built: Resource, raw: Resource, read: Callable[[Resource, str], Mapped], kind: str
) -> Resource:
    """Of what was sent, that which says the same as the row does after it was edited here.

    An element is read again in its place in the resource: where the columns would then be others,
    staff have changed it, and what was built stands.
    """
    says = _said(built, read, kind)
    kept = {
        key: value
        for key, value in raw.items()
        if not key.startswith("$") and _said(overlay(built, {key: value}), read, kind) == says
    }
    return kept | {UNSENT: [name for name in raw.get(UNSENT, ()) if name in _NEVER_EDITED]}


def _said(resource: Resource, read: Callable[[Resource, str], Mapped], kind: str) -> Any:
    """What the reader makes of it; None where it is refused, which no two readings share."""
    text = dump_resource({"resourceType": kind, "id": "x", **resource})
    try:
        mapped = read(load_json(text.encode()), kind)
    except FhirError:
        return object()
    rows = [_row(row) for row in (mapped, *mapped.parts)]
    uses = [(_words(reference), use, rank) for reference, use, rank in mapped.conditions]
    return rows, uses


def _row(row: Row) -> Any:
    links = {**row.links, **row.names}
    return row.model, _plain(row.fields), {name: _words(link) for name, link in links.items()}


def _words(reference: Any) -> str:
    return reference.raw or reference.display if isinstance(reference, Reference) else ""


def _plain(value: Any) -> Any:
    """Numbers by their digits: 1.10 is not 1.1."""
    if isinstance(value, Number):
        return value.text
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value
