"""What every page of the admin has."""

import re
from collections.abc import Iterable
from functools import cached_property
from typing import Any
from uuid import UUID

from django.contrib import admin
from django.core.paginator import Paginator
from django.db import models
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import NoReverseMatch, reverse
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.text import capfirst

from clinik import audit
from clinik.admin.history import HistoryPage

# A longer list is searched or filtered, not leafed through.
MOST_ROWS = 1000


class CappedPaginator(Paginator):
    """Counts to MOST_ROWS and no further, so that a page costs the same in a table of millions."""

    @cached_property
    def found(self) -> int:
        """How many rows there are, at most one more than MOST_ROWS."""
        rows: Any = self.object_list
        return rows.order_by().values("pk")[: MOST_ROWS + 1].count()

    @cached_property
    def count(self) -> int:
        return min(self.found, MOST_ROWS)

    @property
    def is_capped(self) -> bool:
        return self.found > MOST_ROWS


def link_to(name: str, *args: Any) -> str:
    """The address of a page, or "" where this installation has no such page."""
    try:
        return reverse(name, args=args)
    except NoReverseMatch:
        return ""


def links(pages: Iterable[tuple[str, Any]]) -> SafeString:
    """(address, label) as a line of links; those without an address are left out."""
    return format_html_join(
        " · ", '<a href="{}">{}</a>', [(url, label) for url, label in pages if url]
    )


def uuid_in(term: str) -> UUID | None:
    """The row number that was searched for, with or without hyphens; None for other texts."""
    try:
        return UUID(term)
    except ValueError:
        return None


# Django answers a filter by a number that no column can hold with an error of the database.
_BEYOND_64_BITS = re.compile(r"[\d_]{19,}")


def _is_no_lookup(name: str, value: str) -> bool:
    too_big = name != "q" and _BEYOND_64_BITS.search(value) and uuid_in(value) is None
    return "\x00" in value or bool(too_big)


# What the filters of a list ask of its column.
_ASKED = ("exact", "isnull", "id__exact")


def _name_of(offered: Any) -> str:
    """The name in the address of one of a list's filters: a column's, or the filter's own."""
    return str(getattr(offered, "parameter_name", offered))


class ClinikAdmin(HistoryPage, admin.ModelAdmin):
    """Lists of constant cost, searches that hold, views that leave an audit row, no deletion."""

    paginator = CappedPaginator
    list_per_page = 50
    list_max_show_all = 0
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    # By its index only.
    sortable_by = ()
    actions = None
    view_on_site = False
    save_as = False
    # A view of one row is a view of a person: it leaves an audit row.
    about_people = False
    # The permission that opens the table, where it is not the table's own view_... one.
    view_permission = ""
    # Filters that links of ours ask for, beside those that the list offers.
    linked_filters: tuple[str, ...] = ()

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        """Only filters that the list offers.

        Django lets whoever sees a list ask any of its columns anything: for the letters of a
        password's hash, or by a regular expression that no database can read.
        """
        column, _sep, how = lookup.partition("__")
        offered = {_name_of(one) for one in self.get_list_filter(request)}  # type: ignore[arg-type]
        return (
            lookup in offered
            or lookup in self.linked_filters
            or (column in offered and how in _ASKED)
        )

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        if self.view_permission:
            return request.user.has_perm(self.view_permission)
        return super().has_view_permission(request, obj)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def get_search_results(
        self, request: HttpRequest, queryset: models.QuerySet[Any], search_term: str
    ) -> tuple[models.QuerySet[Any], bool]:
        """A text as long as a name; NUL, which PostgreSQL refuses, is read as nothing."""
        term = search_term.replace("\x00", "").strip()[:200]
        return self.search(request, queryset, term)

    def search(
        self, request: HttpRequest, queryset: models.QuerySet[Any], term: str
    ) -> tuple[models.QuerySet[Any], bool]:
        """(rows found, whether some may come twice)."""
        return super().get_search_results(request, queryset, term)

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        if any(
            _is_no_lookup(name, value) for name, values in request.GET.lists() for value in values
        ):
            return HttpResponseRedirect(request.path)
        title = {"title": capfirst(str(self.opts.verbose_name_plural))}
        response = super().changelist_view(request, title | (extra_context or {}))
        shown = getattr(response, "context_data", None) or {}
        if self.about_people and "cl" in shown and (shown["cl"].query or shown["cl"].params):
            audit.record_search(
                self.model,
                by=request.user,
                found=len(shown["cl"].result_list),
                fields=["q", *shown["cl"].params] if shown["cl"].query else shown["cl"].params,
            )
        return response

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        row = kwargs.get("obj")
        if self.about_people and row is not None and request.method == "GET":
            audit.record_view(row, by=request.user)
        context["show_save_and_add_another"] = False
        context["page_links"] = self.page_links(request, row) if row is not None else ""
        return super().render_change_form(request, context, *args, **kwargs)

    def page_links(self, request: HttpRequest, row: Any) -> str:
        """Where on the clinic's pages this row stands, and the verbs that change it."""
        return ""

    # Django's own log would hold names of patients; the audit trail and the history say it all.
    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        return None

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        return None


# Kept for the machine: search columns, keys, what every row has.
UNSHOWN = frozenset({"id", "search_name", "phone_digits", "search", "value_number"})


class ReadOnlyAdmin(ClinikAdmin):
    """A table to look at: it is written by verbs, imports and the audit trail only.

    Without `fields` a row shows every column that says something.
    """

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        if self.fields:
            return list(self.fields)
        return [
            column.name
            for column in self.opts.concrete_fields
            if column.name not in UNSHOWN
            and (obj is None or getattr(obj, column.attname) not in (None, "", [], {}))
        ]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        return self.get_fields(request, obj)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class ReadOnlyInline(admin.TabularInline):
    """The parts of a row, to look at."""

    template = "admin/_parts.html"
    extra = 0
    can_delete = False
    show_change_link = False
    # Shown to those who see the row itself.
    max_num = 0

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return True

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
