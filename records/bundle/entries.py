"""Resources as they were sent: the entries of a Bundle, the identity of each."""

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.utils.translation import gettext as _

from clinik.fhir import FhirError, Identifier, dump_json, parse_reference

_ID = re.compile(r"[A-Za-z0-9\-.]{1,64}")
_WRITES = frozenset({"POST", "PUT"})
# What an import takes in; message, document, history and the responses are no sets of records.
_REQUESTS = frozenset({"transaction", "batch"})
_RESULTS = frozenset({"collection", "searchset"})


@dataclass
class Sent:
    """One resource with what its Bundle says about it."""

    resource: dict[str, Any]
    id: str
    place: str
    full_url: str = ""
    create_only: bool = False
    asked: Identifier | None = None

    @property
    def kind(self) -> str:
        return self.resource["resourceType"]

    @cached_property
    def identifiers(self) -> tuple[tuple[str, str], ...]:
        """(system, value) of each identifier that has a value."""
        sent = self.resource.get("identifier") or []
        return tuple(
            (str(item.get("system") or ""), str(item["value"]))
            for item in (sent if isinstance(sent, list) else [sent])
            if isinstance(item, dict) and item.get("value")
        )

    def contained(self, wanted: str) -> dict[str, Any] | None:
        """The contained resource of that id; None where there is none."""
        inner = self.resource.get("contained") or []
        return next((resource for resource in inner if resource.get("id") == wanted), None)


def bundle_entries(bundle: dict[str, Any], place: str) -> list[Sent]:
    """The resources of a Bundle; raises FhirError for a type that is none to import, and where
    the same identity stands in it twice."""
    kind = bundle["type"]
    if kind not in _REQUESTS | _RESULTS:
        reason = _(
            "a Bundle of type “%(type)s” is not read, only transaction, batch, collection"
            " and searchset"
        )
        raise FhirError(f"{place}.type", reason % {"type": kind})
    found = []
    for number, sent in enumerate(bundle.get("entry") or []):
        where = f"{place}.entry[{number}]"
        if kind in _REQUESTS:
            found.append(_requested(sent, where))
        elif (sent.get("search") or {}).get("mode") != "outcome":
            found.append(_listed(sent, where))
    return list(_once(found))


def _once(found: Iterable[Sent]) -> Iterable[Sent]:
    urls: set[str] = set()
    keys: set[tuple[str, str]] = set()
    for one in found:
        if one.full_url and one.full_url in urls:
            where = one.place.rpartition(".resource(")[0]
            raise FhirError(f"{where}.fullUrl", _("the same fullUrl twice in the file"))
        urls.add(one.full_url)
        if (one.kind, one.id) in keys:
            reason = _("%(key)s twice in the file") % {"key": f"{one.kind}/{one.id}"}
            raise FhirError(one.place, reason)
        keys.add((one.kind, one.id))
        yield one


def _listed(sent: dict[str, Any], place: str) -> Sent:
    """An entry of a collection or of what a search found."""
    resource = _resource(sent, place)
    full_url = _full_url(sent, place)
    where = f"{place}.resource({resource['resourceType']})"
    return Sent(resource, identity_of(resource, full_url), where, full_url)


def _requested(sent: dict[str, Any], place: str) -> Sent:
    request = sent.get("request")
    if not isinstance(request, dict):
        raise FhirError(f"{place}.request", _("is missing"))
    method = request.get("method")
    if method not in _WRITES:
        reason = _("“%(method)s” is not done by an import, which only takes in (POST, PUT)")
        raise FhirError(f"{place}.request.method", reason % {"method": str(method)[:20]})
    resource = _resource(sent, place)
    kind = resource["resourceType"]
    full_url = _full_url(sent, place)
    identity = identity_of(resource, full_url)
    _check_url(request, kind, identity, f"{place}.request.url")
    asked = _asked(request, kind, f"{place}.request")
    return Sent(
        resource=resource,
        id=identity,
        place=f"{place}.resource({kind})",
        full_url=full_url,
        create_only=method == "POST" and bool(request.get("ifNoneExist")),
        asked=asked,
    )


def _resource(sent: dict[str, Any], place: str) -> dict[str, Any]:
    resource = sent.get("resource")
    if not isinstance(resource, dict):
        raise FhirError(f"{place}.resource", _("is missing"))
    return resource


def _full_url(sent: dict[str, Any], place: str) -> str:
    full_url = sent.get("fullUrl") or ""
    if not isinstance(full_url, str):
        raise FhirError(f"{place}.fullUrl", _("text belongs here"))
    return full_url


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
    """The identifier that ifNoneExist, or a PUT to a search, looks for, where that is all it asks
    for (and in which system)."""
    if request["method"] == "POST":
        query = str(request.get("ifNoneExist") or "")
    else:
        query = str(request.get("url") or "").partition("?")[2]
    if not query:
        return None
    text = query.removeprefix(f"{kind}?").removeprefix("?")
    reference = parse_reference({"reference": f"{kind}?{text}"}, place)
    found = reference.identifier if reference else None
    return found if found and found.system else None


def identity_of(resource: dict[str, Any], full_url: str) -> str:
    """The source's id; else its fullUrl; else a digest, so that the same content is the same."""
    if resource.get("id"):
        return str(resource["id"])
    last = full_url.rpartition(":" if full_url.startswith("urn:") else "/")[2]
    if _ID.fullmatch(last):
        return last
    if full_url:
        return "url-" + hashlib.sha256(full_url.encode()).hexdigest()[:60]
    return "sha256-" + hashlib.sha256(dump_json(resource, sort_keys=True).encode()).hexdigest()
