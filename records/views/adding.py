"""Adding in place: one way for every section of a visit.

A section with its form is a fragment for htmx, and a page of its own without JavaScript; the visit
page shows the same form where `?add=<kind>` asks for it (start_adding).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse

from clinik import audit
from clinik.forms import Repeated
from clinik.pages import add_errors, wants_fragment
from clinik.transitions import StaleVersion, TransitionError
from encounters.banner import for_patient
from encounters.models import Encounter
from records.models import ClinicalRecord
from records.sections import Section


@dataclass(frozen=True)
class Adding:
    """A form that was asked for, in the section of its kind."""

    kind: str
    form: forms.Form
    url: str
    more: Mapping[str, Any] = field(default_factory=dict)
    # The row an earlier sending of the same form made, where this one says something else.
    repeated: Any = None


@dataclass(frozen=True)
class Adder:
    """How a section takes a new record.

    `make_form(encounter, user, data, query)` builds the form, unbound where data is None;
    `save(form, encounter, user)` calls the verb; `more(encounter, user, form)` is what else the
    form's template shows. `kind` tells a second form of one section from its first.
    """

    section: type[Section]
    url_name: str
    make_form: Callable[[Encounter, Any, QueryDict | None, QueryDict], Any]
    save: Callable[[Any, Encounter, Any], Any]
    more: Callable[[Encounter, Any, Any], Mapping[str, Any]] = lambda encounter, user, form: {}
    kind: str = ""

    def start(
        self, encounter: Encounter, user: Any, query: QueryDict, data: QueryDict | None = None
    ) -> Adding:
        form = self.make_form(encounter, user, data, query)
        url = reverse(self.url_name, args=[encounter.pk])
        kind = self.kind or self.section.kind
        return Adding(kind, form, url, self.more(encounter, user, form))


def visit_for_chart(request: HttpRequest, pk: Any) -> Encounter:
    """The visit, for those who see charts; else 404."""
    visits = Encounter.objects.visible_to(request.user)
    if not request.user.has_perm("encounters.view_chart"):
        visits = visits.none()
    return get_object_or_404(visits.select_related("patient", "practitioner"), pk=pk)


def add_view(request: HttpRequest, encounter: Encounter, adder: Adder) -> HttpResponse:
    """GET shows the section with the form, POST adds; a refused form comes back with its text."""
    if request.method != "POST":
        audit.record_view(encounter, by=request.user)
        return show(request, encounter, adder, adder.start(encounter, request.user, request.GET))
    adding = adder.start(encounter, request.user, request.GET, request.POST)
    form = adding.form
    if form.is_valid():
        try:
            made = adder.save(form, encounter, request.user)
        except Repeated as error:
            form.add_error(None, str(error))
            repeated = Adding(adding.kind, form, adding.url, adding.more, error.row)
            return show(request, encounter, adder, repeated, status=409)
        except (ValidationError, TransitionError, StaleVersion) as error:
            add_errors(form, error)
        else:
            return added(request, encounter, adder, made)
    if hasattr(form, "after_refusal"):
        form.after_refusal()
    return show(request, encounter, adder, adding, status=422)


def added(
    request: HttpRequest, encounter: Encounter, adder: Adder, made: Any = None, **extra: Any
) -> HttpResponse:
    """The section without its form for htmx; else back to the visit, at the section."""
    if wants_fragment(request):
        return show(request, encounter, adder, None, made=made, **extra)
    return redirect(visit_url(encounter, adder.section.anchor))


def visit_url(encounter: Encounter, anchor: str = "") -> str:
    url = reverse("records:encounter_detail", args=[encounter.pk])
    return f"{url}#{anchor}" if anchor else url


def page_of(record: ClinicalRecord) -> str:
    """Where a record is read: its visit, or its patient where it belongs to no visit."""
    if record.encounter is None:
        return reverse("records:patient_detail", args=[record.patient_id])
    return visit_url(record.encounter)


def show(
    request: HttpRequest,
    encounter: Encounter,
    adder: Adder,
    adding: Adding | None,
    *,
    status: int = 200,
    **extra: Any,
) -> HttpResponse:
    """The section alone for htmx, or as a page of its own."""
    context = {
        "section": adder.section.load(encounter, request.user),  # type: ignore[attr-defined]
        "encounter": encounter,
        "adding": adding,
        **extra,
    }
    if wants_fragment(request):
        return render(request, adder.section.template, context, status=status)
    context |= {
        "banner": for_patient(encounter.patient, request.user),
        "section_template": adder.section.template,
    }
    return render(request, "records/section_page.html", context, status=status)
