"""What a row is called outside, and what a reference that was sent means.

A resource goes out under the id that its source gave it (where several did: the first), a row made
here under its key. Where two sources have one id, the later resource goes by its key.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from django.db import connection
from django.db.models import Case, CharField, Exists, F, Func, OuterRef, Q, QuerySet, Subquery, When
from django.db.models import Value as V
from django.db.models.functions import Cast, Coalesce, Collate, Concat

from clinik.bulk import in_parts
from clinik.fhir import FhirError, Identifier, parse_reference
from clinik.models import ImportedIdentifier, ImportedResource
from records.exporting.kinds import MODELS
from records.exporting.rows import key

# Of R4. What is longer is a digest of ours, for a resource that was sent without an id; other
# characters come from CSV files.
_ID = r"^[A-Za-z0-9.-]{1,64}$"
_LITERAL = re.compile(r"(?:.*/)?([A-Z][A-Za-z]+)/([A-Za-z0-9\-.]{1,64})(?:/_history/[^/]+)?")
_ABSOLUTE = re.compile(r"[a-z][a-z0-9+.\-]*://", re.IGNORECASE)
# Ids remembered before all are forgotten: a few megabytes.
_MOST = 50_000

Sent = tuple[str, str, str]


class KeyText(Func):
    """A UUID as text with its hyphens, on both databases."""

    output_field = CharField()
    template = "%(expressions)s::text"

    def as_sqlite(self, compiler: Any, connection: Any, **kwargs: Any) -> Any:
        sql, params = compiler.compile(self.source_expressions[0])
        spans = ((1, 8), (9, 4), (13, 4), (17, 4), (21, 12))
        whole = " || '-' || ".join(f"substr({sql}, {begin}, {size})" for begin, size in spans)
        return f"({whole})", tuple(params) * len(spans)


class References:
    """The names of one export. What was asked for in one chunk is known in the next."""

    def __init__(self) -> None:
        self.sources = _loose(ImportedResource.objects.all(), "source")
        self._types: dict[str, list[str]] = {}
        self._rows: dict[str, dict[Any, str]] = {}
        self._sent: dict[Sent, str | None] = {}
        # References that look a resource up by an identifier, and the one they mean.
        self._found: dict[tuple[str, str], str] = {}

    def named(self, rows: QuerySet[Any], kind: str) -> QuerySet[Any]:
        """Rows of a table with their `xid`: what each is called outside as a resource of a type."""
        key = self._usable().filter(row_id=OuterRef("pk"), resource_type=kind)
        return rows.annotate(xid=Coalesce(_first(key), KeyText("pk")))

    def whole(self, resources: QuerySet[ImportedResource]) -> QuerySet[ImportedResource]:
        """Resources that became no row, with their `xid`."""
        other = Concat(V("imported-"), Cast("pk", CharField()))
        named = Case(When(self._is_usable(), then=F("resource_id")), default=other)
        return resources.annotate(xid=named)

    def _usable(self) -> QuerySet[ImportedResource]:
        return ImportedResource.objects.filter(self._is_usable())

    def _is_usable(self) -> Q:
        """Whether an id is one R4 knows, and no earlier resource of another source has it."""
        fits = Q(resource_id__regex=_ID)
        if len(self.sources) < 2:
            return fits
        earlier = ImportedResource.objects.filter(
            source__in=self.sources,
            resource_type=OuterRef("resource_type"),
            resource_id=OuterRef("resource_id"),
            pk__lt=OuterRef("pk"),
        )
        return fits & ~Q(Exists(earlier))

    # Rows

    def learn(self, wanted: Iterable[tuple[str, set[Any]]]) -> None:
        """Keys of rows by resource type: one query a type for those not known yet."""
        if sum(map(len, self._rows.values())) > _MOST:
            self._rows.clear()
        for kind, keys in wanted:
            known = self._rows.setdefault(kind, {})
            missing = list(keys - known.keys() - {None})
            if not missing:
                continue
            rows = self.named(MODELS[kind]._default_manager.order_by(), kind)
            for part in in_parts(missing):
                for row_id, xid in rows.filter(pk__in=part).values_list(key(), "xid"):
                    known[row_id] = f"{kind}/{xid}"

    def row(self, kind: str, row_id: Any) -> str | None:
        """ "Patient/123" of a row that was learnt; None for none."""
        return self._rows[kind].get(row_id)

    # References as they were sent

    def learn_sent(self, wanted: Iterable[tuple[str, str]]) -> None:
        """(source, text of a reference): a constant number of queries for those not known yet."""
        missing: dict[str, set[tuple[str, str]]] = {}
        if len(self._sent) + len(self._found) > _MOST:
            self._sent.clear()
            self._found.clear()
        wanted = set(wanted)
        self._learn_identified({pair for pair in wanted if "?" in pair[1]} - self._found.keys())
        for source, text in wanted:
            kind, resource_id = _meant(self._found.get((source, text), text))
            if resource_id and (source, kind, resource_id) not in self._sent:
                missing.setdefault(source, set()).add((kind, resource_id))
        for source, pairs in missing.items():
            for pair in pairs:
                self._sent[source, *pair] = None
            for part in in_parts(pairs):
                self._look_up(source, part)

    def _learn_identified(self, wanted: Iterable[tuple[str, str]]) -> None:
        """Which resource Type?identifier=system|value means, where exactly one has it."""
        asked: dict[tuple[str, str], list[tuple[str, Identifier]]] = {}
        for source, text in wanted:
            self._found[source, text] = text
            if identifier := _identified(text):
                kind = text.partition("?")[0]
                asked.setdefault((source, kind), []).append((text, identifier))
        for (source, kind), pairs in asked.items():
            values = {identifier.value for _text, identifier in pairs}
            known: dict[tuple[str | None, str], set[str]] = defaultdict(set)
            for part in in_parts(values):
                found = ImportedIdentifier.objects.filter(
                    source=source, resource_type=kind, value__in=part
                )
                for system, value, resource_id in found.values_list(
                    "system", "value", "resource_id"
                ):
                    known[system, value].add(resource_id)
                    known[None, value].add(resource_id)
            for text, identifier in pairs:
                ids = known[identifier.system, identifier.value]
                if len(ids) == 1:
                    self._found[source, text] = f"{kind}/{next(iter(ids))}"

    def _look_up(self, source: str, pairs: Sequence[tuple[str, str]]) -> None:
        kinds = {kind for kind, _id in pairs}
        if "" in kinds:
            kinds = set(self.types(source))
        keys = ImportedResource.objects.filter(
            source=source,
            resource_type__in=kinds,
            resource_id__in={resource_id for _kind, resource_id in pairs},
        )
        same = self._usable().filter(
            row_id=OuterRef("row_id"), resource_type=OuterRef("resource_type")
        )
        row_name = Coalesce(_first(same), KeyText("row_id"))
        found = self.whole(keys).annotate(
            name=Case(When(row_id=None, then=F("xid")), default=row_name)
        )
        for kind, resource_id, name in found.values_list("resource_type", "resource_id", "name"):
            for wanted in ("", kind):
                if (source, wanted, resource_id) in self._sent:
                    self._sent[source, wanted, resource_id] = f"{kind}/{name}"

    def sent(self, source: str, text: str) -> str:
        """The reference as it goes out: as sent, unless its target has another name here."""
        text = self._found.get((source, text), text)
        kind, resource_id = _meant(text)
        target = self._sent.get((source, kind, resource_id)) if resource_id else None
        if target is None or target == f"{kind}/{resource_id}":
            return text
        return target

    def is_here(self, name: str) -> bool:
        """Whether a reference that was learnt as it was sent leads to something that goes out."""
        return name in self._sent.values()

    def types(self, source: str) -> list[str]:
        """Resource types that a source has brought."""
        if source not in self._types:
            keys = ImportedResource.objects.filter(source=source)
            self._types[source] = _loose(keys, "resource_type")
        return self._types[source]


def in_order(rows: QuerySet[Any]) -> QuerySet[Any]:
    """By `xid`, byte by byte, as Python compares; whatever collation a database has."""
    by = Collate("xid", "C") if connection.vendor == "postgresql" else F("xid")
    return rows.order_by(by)


def _first(keys: QuerySet[ImportedResource]) -> Subquery:
    return Subquery(keys.order_by("pk").values("resource_id")[:1])


def _meant(text: str) -> tuple[str, str]:
    """(type, id) that a reference names; of a urn no type; empty where it names none so."""
    if text.startswith("urn:"):
        return "", text.rpartition(":")[2]
    match = _LITERAL.fullmatch(text)
    if match is None or (match.start(1) and not _ABSOLUTE.match(text)):
        return "", ""
    return match[1], match[2]


def _identified(text: str) -> Identifier | None:
    """The identifier that Type?identifier=system|value asks for."""
    try:
        reference = parse_reference({"reference": text}, "")
    except FhirError:
        return None
    return reference.identifier if reference and reference.kind == "conditional" else None


def _loose(rows: QuerySet[Any], name: str) -> list[str]:
    """The few different values of a column that an index begins with: a probe for each."""
    found: list[str] = []
    values = rows.order_by(name).values_list(name, flat=True)
    value = values.first()
    while value is not None:
        found.append(value)
        value = values.filter(**{f"{name}__gt": value}).first()
    return found
