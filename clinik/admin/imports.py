"""Imports: each run with its files and what came of them, and what each resource became."""

import json
from collections.abc import Iterable
from typing import Any

from django.apps import apps
from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.db import models
from django.dispatch import Signal
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from clinik import imports
from clinik.admin.base import ReadOnlyAdmin, link_to, links, uuid_in
from clinik.admin.run_page import (
    RunPage,
    Totals,
    gathered,
    remarks_of,
    state_words,
    totals_of,
)
from clinik.models import (
    ImportedIdentifier,
    ImportedResource,
    ImportFile,
    ImportRun,
    PendingReference,
)
from clinik.pages import number_in

# Of the paths that were asked for; each file read stands in its own table.
PATHS_SHOWN = 10


@admin.register(ImportRun)
class ImportRunAdmin(ReadOnlyAdmin):
    """Each run with what came of it; the page of one reads its files with one query."""

    list_display = ["started", "source", "command", "by", "state", "created", "updated"]
    list_display += ["conflicts", "failed"]
    list_select_related = ["by"]
    search_fields = ["source"]
    search_help_text = _("Any part of the source's name.")
    ordering = ["-id"]
    fields = ["state", "source", "command", "started", "by", "asked_for", "options"]

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        """Without what is empty."""
        empty = {"command", "options"} if obj is not None else set()
        return [name for name in self.fields if name not in empty or getattr(obj, name)]

    def get_object(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        row = super().get_object(request, *args, **kwargs)
        if row is not None:
            row.page = RunPage.load(row)
        return row

    def render_change_form(self, request: HttpRequest, context: Any, *a: Any, **kw: Any) -> Any:
        return super().render_change_form(request, context | {"run": kw["obj"].page}, *a, **kw)

    @admin.display(description=_("state"))
    def state(self, row: ImportRun) -> str:
        return state_words(row)

    @admin.display(description=_("asked for"))
    def asked_for(self, row: ImportRun) -> str:
        shown = [str(path) for path in row.files[:PATHS_SHOWN]]
        more = len(row.files) - len(shown)
        last = [_("and %(n)s more") % {"n": more}] if more else []
        return "\n".join([*shown, *last]) or "–"

    @admin.display(description=_("created"))
    def created(self, row: ImportRun) -> int:
        return _total(row, imports.CREATED)

    @admin.display(description=_("updated"))
    def updated(self, row: ImportRun) -> int:
        return _total(row, imports.UPDATED)

    @admin.display(description=_("conflicts"))
    def conflicts(self, row: ImportRun) -> int:
        return _total(row, imports.CONFLICT)

    @admin.display(description=_("refused or failed"))
    def failed(self, row: ImportRun) -> int:
        return len(row.failures) or _total(row, imports.FAILED)


def _total(row: ImportRun, outcome: str) -> int:
    totals = Totals()
    totals.take(row.counts)
    return totals.of(outcome)


# The clinic's pages for kinds of rows; records stand on the page of their visit or patient.
PAGES = {
    "encounters.patient": "records:patient_detail",
    "encounters.encounter": "records:encounter_detail",
}


def row_url(row: ImportedResource) -> str:
    """The admin's page of the row that a resource became; empty where it became none."""
    app, _dot, model = row.row_model.partition(".")
    return link_to(f"admin:{app}_{model}_change", row.row_id) if row.row_id and model else ""


def staff_pages(rows: Iterable[ImportedResource]) -> dict[int, str]:
    """By resource: the clinic's page on which its row stands. One query for each kind of record, to
    know their visits; none for patients, visits and what became no row."""
    pages: dict[int, str] = {}
    records: dict[str, list[ImportedResource]] = {}
    for row in rows:
        if row.row_id is None:
            if row.patient_id:
                pages[row.pk] = link_to("records:patient_kept", row.patient_id)
        elif name := PAGES.get(row.row_model):
            pages[row.pk] = link_to(name, row.row_id)
        else:
            records.setdefault(row.row_model, []).append(row)
    for label, some in records.items():
        whose = _places(label, [row.row_id for row in some])
        pages |= {row.pk: whose[row.row_id] for row in some if row.row_id in whose}
    return pages


def _places(label: str, keys: list[Any]) -> dict[Any, str]:
    """The page of the visit of each record, or of the patient where it belongs to no visit."""
    try:
        model = apps.get_model(label)
    except (LookupError, ValueError):
        return {}
    names = [name for name in ("encounter_id", "patient_id") if hasattr(model, name)]
    if not names:
        return {}
    found = {}
    for key, *owners in model._default_manager.filter(pk__in=keys).values_list("pk", *names):
        whose = dict(zip(names, owners, strict=True))
        if visit := whose.get("encounter_id"):
            found[key] = link_to(PAGES["encounters.encounter"], visit)
        elif patient := whose.get("patient_id"):
            found[key] = link_to(PAGES["encounters.patient"], patient)
    return found


# Sent with row= and user= before what was sent is shown; a receiver says True where it may not be.
sent_asking = Signal()


class ImportedList(ChangeList):
    def get_results(self, request: HttpRequest) -> None:
        """Where staff see each row: a query for each kind of record on the page."""
        super().get_results(request)
        rows: list[Any] = list(self.result_list)
        pages = staff_pages(rows)
        for row in rows:
            row.staff_page = pages.get(row.pk, "")
        self.result_list = rows


@admin.register(ImportedResource)
class ImportedResourceAdmin(ReadOnlyAdmin):
    list_display = ["resource_type", "resource_id", "source", "became", "page", "row_version"]
    list_display += ["run"]
    list_display_links = ["resource_type", "resource_id"]
    linked_filters = ("run__id__exact", "resource_type")
    search_fields = ["resource_id"]
    search_help_text = _("The id in the source, or the id of the row here, in full.")
    ordering = ["-id"]
    list_select_related = ["run"]
    fields = ["source", "resource_type", "resource_id", "became", "row_version"]
    fields += ["first_run", "run", "rest"]
    view_permission = "clinik.view_importedresource"
    about_people = True

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Any]:
        """A list leaves what was sent where it is: it can be long."""
        found = super().get_queryset(request)
        match = request.resolver_match
        listed = match is not None and (match.url_name or "").endswith("_changelist")
        return found.defer("raw") if listed else found

    @admin.display(description=_("row here"))
    def became(self, row: ImportedResource) -> Any:
        url = row_url(row)
        if not url:
            return _("none: kept as sent")
        return links([(url, _kind(row.row_model))])

    @admin.display(description=_("page staff see"))
    def page(self, row: Any) -> Any:
        return links([(row.staff_page, _("page"))]) or "–"

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return ImportedList

    def get_object(self, request: HttpRequest, object_id: str, from_field: Any = None) -> Any:
        row = super().get_object(request, object_id, from_field)
        if row is None:
            return None
        answers = sent_asking.send(sender=ImportedResource, row=row, user=request.user)
        return None if any(closed for _who, closed in answers) else row

    @admin.display(description=_("what is not modelled, as sent"))
    def rest(self, row: ImportedResource) -> str:
        return json.dumps(row.raw, indent=2, ensure_ascii=False)

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        """Says of which run the list is, where it is of one."""
        run = number_in(request.GET.get("run__id__exact", ""))
        said = {"title": _("Imported resources of run %(run)s") % {"run": run}} if run else {}
        return super().changelist_view(request, said | (extra_context or {}))

    def page_links(self, request: HttpRequest, row: Any) -> str:
        return links(
            [
                (row_url(row), _("The row in the admin")),
                (staff_pages([row]).get(row.pk, ""), _("The page staff see")),
                (_run_url(row.run_id), _("The run")),
            ]
        )

    def search(
        self, request: HttpRequest, queryset: models.QuerySet[Any], term: str
    ) -> tuple[models.QuerySet[Any], bool]:
        if not term:
            return queryset, False
        wanted = models.Q(resource_id=term)
        if key := uuid_in(term):
            wanted |= models.Q(row_id=key)
        return queryset.filter(wanted), False


def _run_url(run: int | None) -> str:
    return link_to("admin:clinik_importrun_change", run) if run else ""


def _kind(row_model: str) -> str:
    try:
        return str(apps.get_model(row_model)._meta.verbose_name)
    except (LookupError, ValueError):
        return row_model


@admin.register(ImportFile)
class ImportFileAdmin(ReadOnlyAdmin):
    """Each file of a run, and how far it has been written."""

    list_display = ["name", "run", "state", "done", "size", "digest"]
    list_select_related = ["run"]
    list_filter = ["state"]
    linked_filters = ("run__id__exact",)
    search_fields = ["digest"]
    search_help_text = _("The digest of the file (SHA-256), in full.")
    ordering = ["-id"]
    fields = ["run", "number", "name", "digest", "size", "state", "done", "counted", "said"]

    @admin.display(description=_("what came of it"))
    def counted(self, row: ImportFile) -> str:
        totals = totals_of(row)
        kinds = [f"{kind}: {Totals({kind: n}).words}" for kind, n in sorted(totals.counts.items())]
        return "\n".join(kinds) or "–"

    @admin.display(description=_("what was said"))
    def said(self, row: ImportFile) -> str:
        return "\n".join(str(one) for one in gathered(remarks_of(row))) or "–"

    def search(
        self, request: HttpRequest, queryset: models.QuerySet[Any], term: str
    ) -> tuple[models.QuerySet[Any], bool]:
        return queryset.filter(digest=term.lower()) if term else queryset, False


@admin.register(PendingReference)
class PendingReferenceAdmin(ReadOnlyAdmin):
    """What imported rows still wait for."""

    list_display = ["target_type", "target_id", "source", "row_model", "name"]
    search_fields = ["target_id"]
    search_help_text = _("The id in the source, or the id of the row here, in full.")
    ordering = ["-id"]
    view_permission = "clinik.view_importedresource"

    def search(
        self, request: HttpRequest, queryset: models.QuerySet[Any], term: str
    ) -> tuple[models.QuerySet[Any], bool]:
        if not term:
            return queryset, False
        wanted = models.Q(target_id=term)
        if key := uuid_in(term):
            wanted |= models.Q(row_id=key)
        return queryset.filter(wanted), False


@admin.register(ImportedIdentifier)
class ImportedIdentifierAdmin(ReadOnlyAdmin):
    """By which numbers references find what was imported."""

    list_display = ["resource_type", "value", "system", "source", "resource_id"]
    search_fields = ["value"]
    search_help_text = _("The number, or the id in the source, in full.")
    ordering = ["-id"]
    view_permission = "clinik.view_importedresource"

    def search(
        self, request: HttpRequest, queryset: models.QuerySet[Any], term: str
    ) -> tuple[models.QuerySet[Any], bool]:
        if not term:
            return queryset, False
        return queryset.filter(models.Q(value=term) | models.Q(resource_id=term)), False
