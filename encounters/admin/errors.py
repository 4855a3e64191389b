"""A page of the admin that asks why a row is wrong and calls its verb."""

from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from clinik.forms import VersionedForm
from clinik.pages import add_errors
from clinik.transitions import StaleVersion, TransitionError


class ReasonForm(VersionedForm, forms.Form):
    reason = forms.CharField(
        label=gettext_lazy("Why is it wrong?"),
        max_length=500,
        widget=forms.TextInput({"class": "vLargeTextField", "autocomplete": "off"}),
    )


class ErrorPage:
    """For a ModelAdmin: `enter_in_error()` names the verb, `is_in_error()` what is so already."""

    def enter_in_error(self, row: Any, *, by: Any, reason: str, version: int) -> Any:
        raise NotImplementedError

    def is_in_error(self, row: Any) -> bool:
        raise NotImplementedError

    def error_url(self: Any, row: Any) -> str:
        """The address of the page, or "" where there is nothing left to say."""
        if self.is_in_error(row):
            return ""
        return reverse(f"admin:encounters_{self.opts.model_name}_error", args=(row.pk,))

    def get_urls(self: Any) -> list[Any]:
        page = path(
            "<uuid:pk>/error/",
            self.admin_site.admin_view(self.error_view),
            name=f"encounters_{self.opts.model_name}_error",
        )
        return [page, *super().get_urls()]  # type: ignore[misc]

    def error_view(self: Any, request: HttpRequest, pk: Any) -> HttpResponse:
        row = self.get_object(request, str(pk))
        if row is None or self.is_in_error(row):
            raise Http404
        if not self.has_view_permission(request, row):
            raise PermissionDenied
        form = ReasonForm(request.POST or None, instance=row)
        if request.method == "POST" and form.is_valid():
            reason, version = form.cleaned_data["reason"], form.base_version
            try:
                self.enter_in_error(row, by=request.user, reason=reason, version=version)
            except (ValidationError, TransitionError, StaleVersion) as refusal:
                add_errors(form, refusal)
            else:
                messages.success(request, _("Entered in error: kept, and no longer counted."))
                back = f"admin:encounters_{self.opts.model_name}_change"
                return HttpResponseRedirect(reverse(back, args=(row.pk,)))
        context = {
            **self.admin_site.each_context(request),
            "title": _("Enter in error"),
            "subtitle": str(row),
            "form": form,
            "original": row,
            "opts": self.opts,
        }
        return TemplateResponse(request, "admin/enter_in_error.html", context)
