"""Codes, the audit trail, typing in progress, and who is logged in."""

from typing import Any

import allauth.account.admin
import allauth.mfa.admin  # noqa: F401
import django.contrib.auth.admin  # noqa: F401
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.apps import apps
from django.contrib import admin
from django.contrib.auth.models import Group
from django.db import models
from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from clinik import code_index, codes, sessions
from clinik.admin.base import ReadOnlyAdmin, uuid_in
from clinik.admin.editing import EditingAdmin
from clinik.models import AuditEvent, AuditSeal, Code, Draft, User
from clinik.session_store import Session

# The libraries' own pages would edit and delete; importing them first makes sure that they stand
# there to be taken away. A second step at login is reset on the user's page.
for library_model in (Group, EmailAddress, Authenticator):
    admin.site.unregister(library_model)


@admin.register(Group)
class RoleAdmin(ReadOnlyAdmin):
    """The five roles and their rights, which the program sets (clinik.roles)."""

    list_display = ["name"]
    search_fields = ["name"]
    ordering = ["name"]
    fields = ["name", "rights"]

    @admin.display(description=_("rights"))
    def rights(self, row: Group) -> str:
        names = row.permissions.order_by("codename").values_list("name", flat=True)
        return "\n".join(names)


class SystemFilter(admin.SimpleListFilter):
    """The code tables that ship; asking the table which it holds would read all of it."""

    title = _("code system")
    parameter_name = "system"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [(codes.LOINC, "LOINC"), (codes.ICD10CM, "ICD-10-CM")]

    def queryset(self, request: HttpRequest, queryset: models.QuerySet[Any]) -> Any:
        return queryset.filter(system=self.value()) if self.value() else queryset


@admin.register(Code)
class CodeAdmin(EditingAdmin):
    list_display = ["code", "display", "system", "kind", "active"]
    list_display_links = ["code", "display"]
    list_filter = [SystemFilter, "active"]
    search_fields = ["code__istartswith", "display__icontains"]
    search_help_text = _("The beginning of a code, or words of its name.")
    fields = ["system", "code", "display", "kind", "units", "active"]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        """A code is what it is; its name and whether it is offered can change."""
        return ["system", "code"] if obj else []

    def change(self, row: Any, **kwargs: Any) -> Any:
        if "display" in kwargs:
            _own, *further = code_index.names_in(row.search)
            kwargs["search"] = code_index.searchable([kwargs["display"], *further])
        row = super().change(row, **kwargs)
        if row.system == codes.ICD10CM:
            code_index.take_in(row)
        return row

    def add(self, row: Any, **kwargs: Any) -> Any:
        row.search = code_index.searchable([row.display])
        row = super().add(row, **kwargs)
        if row.system == codes.ICD10CM:
            code_index.take_in(row)
        return row


@admin.register(AuditEvent)
class AuditEventAdmin(ReadOnlyAdmin):
    """Who did or saw what; found by row, visit, patient or request, or by the login."""

    list_display = ["at", "by", "role", "act", "outcome", "object_type", "object_id", "changed"]
    list_display += ["address"]
    list_select_related = ["by"]
    list_filter = ["action", "outcome"]
    search_fields = ["object_id"]
    search_help_text = _("A login in full, or the number in the address of a row.")

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        """Reasons in free words may speak of the chart: not for those who see none."""
        names = super().get_fields(request, obj)
        chart = request.user.has_perm("encounters.view_chart")
        return [name for name in names if chart or name != "reason"]

    @admin.display(description=_("changed fields"))
    def changed(self, row: AuditEvent) -> str:
        return ", ".join(row.fields)

    @cached_property
    def kinds(self) -> list[str]:
        """Every kind of row; naming them lets the search by row use its index."""
        return [model._meta.label_lower for model in apps.get_models()]

    def search(
        self, request: HttpRequest, queryset: models.QuerySet[Any], term: str
    ) -> tuple[models.QuerySet[Any], bool]:
        if not term:
            return queryset, False
        key = uuid_in(term)
        if key is None:
            return queryset.filter(by__in=User.objects.filter(username__iexact=term)), False
        wanted = models.Q(object_type__in=self.kinds, object_id=str(key))
        wanted |= models.Q(patient_id=key) | models.Q(encounter_id=key)
        return queryset.filter(wanted), False


@admin.register(AuditSeal)
class AuditSealAdmin(ReadOnlyAdmin):
    """The chain over the trail; `manage.py verify_audit` checks it."""

    list_display = ["at", "first", "last", "count", "digest"]
    search_fields = ["digest"]
    search_help_text = _("A digest in full.")
    fields = ["at", "first", "last", "count", "digest", "previous"]
    view_permission = "clinik.view_auditevent"

    def search(
        self, request: HttpRequest, queryset: models.QuerySet[Any], term: str
    ) -> tuple[models.QuerySet[Any], bool]:
        return (queryset.filter(digest=term) if term else queryset), False


@admin.register(Draft)
class DraftAdmin(ReadOnlyAdmin):
    """That somebody is typing, where and since when: never what."""

    list_display = ["user", "form", "target", "created", "updated"]
    list_select_related = ["user"]
    search_fields = ["user__username__istartswith"]
    ordering = ["-id"]
    fields = ["user", "form", "target", "base_version", "created", "updated"]
    view_permission = "clinik.view_user"


@admin.register(Session)
class SessionAdmin(ReadOnlyAdmin):
    """Who is logged in, until when. A session's key is its password: it is never shown."""

    list_display = ["whose", "browser", "address", "began", "seen", "locked"]
    list_display_links = None
    list_select_related = ["user"]
    ordering = ["-expire_date"]
    view_permission = "clinik.view_user"

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return obj is None and super().has_view_permission(request)

    @admin.display(description=_("login"), ordering="user")
    def whose(self, row: Any) -> str:
        if row.user is None:
            return "–"
        url = reverse("admin:clinik_user_change", args=(row.user_id,))
        return format_html('<a href="{}">{}</a>', url, row.user.username)

    @admin.display(description=_("browser"))
    def browser(self, row: Any) -> str:
        return sessions.browser_in_words(row.agent)
