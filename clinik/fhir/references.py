"""Ids and references (http://hl7.org/fhir/R4/references.html)."""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal
from urllib.parse import parse_qsl

from django.utils.translation import gettext as _

from clinik.fhir.errors import FhirError
from clinik.fhir.values import as_object, as_text

Kind = Literal[
    "urn", "literal", "conditional", "logical", "contained", "absolute", "display"
]  # fmt: skip

_ID = re.compile(r"[A-Za-z0-9\-.]{1,64}")
_LITERAL = re.compile(r"(?P<type>[A-Z][A-Za-z]+)/(?P<id>[^/?#]+)(/_history/[^/?#]+)?")
_CONDITIONAL = re.compile(r"(?P<type>[A-Z][A-Za-z]+)\?(?P<query>.+)")
_ABSOLUTE = re.compile(r"[a-z][a-z0-9+.\-]*://.+", re.IGNORECASE)


@dataclass(frozen=True)
class Identifier:
    """`system` is None where a search left it open, empty where it asks for none."""

    system: str | None
    value: str


@dataclass(frozen=True)
class Reference:
    """What a Reference points to; `raw` is its text as sent.

    `absolute` has `resource_type` and `id` where the address ends in Type/id. `conditional` has an
    `identifier` where that is all it asks for, else only its `query`. `display` names somebody in
    words only. `contained` with an empty id means the resource that contains it.
    """

    kind: Kind
    resource_type: str = ""
    id: str = ""
    query: str = ""
    identifier: Identifier | None = None
    display: str = ""
    raw: str = ""


def check_id(text: Any, place: str) -> str:
    """The id itself; raises FhirError unless it is `[A-Za-z0-9\\-\\.]{1,64}`."""
    if not isinstance(text, str) or not _ID.fullmatch(text):
        shown = str(text)[:80]
        reason = _("“%(id)s” is no FHIR id (1 to 64 letters, digits, - or .)") % {"id": shown}
        raise FhirError(place, reason)
    return text


def parse_reference(obj: Any, place: str) -> Reference | None:
    """A Reference; None for None and for one that says nothing. Raises FhirError."""
    if obj is None:
        return None
    reference = as_object(obj, place)
    raw = as_text(reference, "reference", place)
    display = as_text(reference, "display", place)
    resource_type = as_text(reference, "type", place)
    identifier = _logical(reference, place)
    if raw:
        return _parse_text(raw, f"{place}.reference", display, resource_type, identifier)
    if identifier:
        return Reference("logical", resource_type, identifier=identifier, display=display)
    return Reference("display", resource_type, display=display) if display else None


def _logical(reference: dict[str, Any], place: str) -> Identifier | None:
    if reference.get("identifier") is None:
        return None
    where = f"{place}.identifier"
    identifier = as_object(reference["identifier"], where)
    value = as_text(identifier, "value", where)
    return Identifier(as_text(identifier, "system", where), value) if value else None


def _parse_text(
    raw: str, place: str, display: str, resource_type: str, identifier: Identifier | None
) -> Reference:
    found = _parsed(raw, display, resource_type, identifier)
    if isinstance(found, str):
        raise FhirError(place, found)
    return found


# The same references stand in hundreds of resources of a file.
@lru_cache(maxsize=20_000)
def _parsed(
    raw: str, display: str, resource_type: str, identifier: Identifier | None
) -> Reference | str:
    """The reference, or what is wrong with it."""

    def reference(kind: Kind, **parts: Any) -> Reference:
        known = {"resource_type": resource_type, "identifier": identifier}
        return Reference(kind, display=display, raw=raw, **{**known, **parts})

    try:
        if raw.startswith("#"):
            return reference("contained", id=check_id(raw[1:], "") if raw != "#" else "")
        if raw.lower().startswith("urn:"):
            return reference("urn")
        if match := _LITERAL.fullmatch(raw):
            found = check_id(match["id"], "")
            return reference("literal", resource_type=match["type"], id=found)
    except FhirError as error:
        return error.reason
    if match := _CONDITIONAL.fullmatch(raw):
        query = match["query"]
        asked = _asked(query)
        return reference("conditional", resource_type=match["type"], query=query, identifier=asked)
    if _ABSOLUTE.fullmatch(raw):
        if (match := re.search(rf"/{_LITERAL.pattern}$", raw)) and _ID.fullmatch(match["id"]):
            return reference("absolute", resource_type=match["type"], id=match["id"])
        return reference("absolute")
    return _("“%(text)s” is no reference") % {"text": raw[:80]}


def _asked(query: str) -> Identifier | None:
    """The identifier of `identifier=system|value`, percent signs decoded."""
    pairs = parse_qsl(query, keep_blank_values=True)
    if len(pairs) != 1 or pairs[0][0] != "identifier":
        return None
    system, bar, value = pairs[0][1].rpartition("|")
    return Identifier(system if bar else None, value) if value else None
