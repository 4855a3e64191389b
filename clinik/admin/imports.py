"""Imports: each run with its files and what came of them, and what each resource became."""

import json
from typing import Any

from django.contrib import admin
from django.db import models
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from clinik.admin.base import ReadOnlyAdmin, uuid_in
from clinik.models import ImportedResource, ImportFile, ImportRun, PendingReference


@admin.register(ImportRun)
class ImportRunAdmin(ReadOnlyAdmin):
    """Each run with its report."""

    list_display = ["started", "source", "by", "finished", "number_of_files", "refused"]
    list_select_related = ["by"]
    search_fields = ["source"]
    fields = ["source", "started", "finished", "by", "report", "refusals", "read_files"]
    readonly_fields = ["report", "refusals", "read_files"]

    @admin.display(description=_("files"))
    def number_of_files(self, row: ImportRun) -> int:
        return len(row.files)

    @admin.display(description=_("refused"))
    def refused(self, row: ImportRun) -> int:
        return len(row.failures)

    @admin.display(description=_("report"))
    def report(self, row: ImportRun) -> str:
        return "\n".join(
            f"{kind}: {_counted(counts)}" for kind, counts in sorted(row.counts.items())
        )

    @admin.display(description=_("refusals"))
    def refusals(self, row: ImportRun) -> str:
        return "\n".join(_said(failure) for failure in row.failures) or "–"

    @admin.display(description=_("files"))
    def read_files(self, row: ImportRun) -> str:
        return "\n".join(_said(file) for file in row.files) or "–"


def _counted(counts: Any) -> str:
    if isinstance(counts, dict):
        return ", ".join(f"{number} {name}" for name, number in counts.items() if number)
    return str(counts)


def _said(entry: Any) -> str:
    if isinstance(entry, dict):
        return ": ".join(str(value) for value in entry.values() if value)
    return str(entry)


@admin.register(ImportedResource)
class ImportedResourceAdmin(ReadOnlyAdmin):
    list_display = ["resource_type", "resource_id", "source", "row_model", "row_id", "row_version"]
    search_fields = ["resource_id"]
    search_help_text = _("The id in the source, or the id of the row here, in full.")
    ordering = ["-id"]
    list_select_related = ["run"]
    fields = ["source", "resource_type", "resource_id", "row_model", "row_id", "row_version"]
    fields += ["run", "rest"]
    readonly_fields = ["rest"]
    view_permission = "clinik.view_importedresource"
    about_people = True

    @admin.display(description=_("what is not modelled, as sent"))
    def rest(self, row: ImportedResource) -> str:
        return json.dumps(row.raw, indent=2, ensure_ascii=False)

    def search(
        self, request: HttpRequest, queryset: models.QuerySet[Any], term: str
    ) -> tuple[models.QuerySet[Any], bool]:
        if not term:
            return queryset, False
        wanted = models.Q(resource_id=term)
        if key := uuid_in(term):
            wanted |= models.Q(row_id=key)
        return queryset.filter(wanted), False


@admin.register(ImportFile)
class ImportFileAdmin(ReadOnlyAdmin):
    """Each file of a run, and how far it has been written."""

    list_display = ["name", "run", "state", "done", "size", "digest"]
    list_select_related = ["run"]
    list_filter = ["state"]
    search_fields = ["digest"]
    search_help_text = _("The digest of the file (SHA-256), in full.")
    ordering = ["-id"]
    fields = ["run", "number", "name", "digest", "size", "state", "done", "report"]

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
