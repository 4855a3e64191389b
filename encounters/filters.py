"""Searching visits: each filter is a skin over a queryset method (domain.md, section 5).

The URL is the query. Words that match inside text (reason, type...) look through one year unless a
date or a patient bounds them, so that a search costs the same in ten years.
"""

import datetime as dt
import uuid
from typing import Any

import django_filters
from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Exists, OuterRef, Q
from django.db.models.functions import Coalesce
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from clinik import clock
from clinik.forms import DateInput, PlainForm
from clinik.names import normalise_name
from encounters.models import Diagnosis, Encounter, Patient, Practitioner
from encounters.models.encounter import EncounterClass, EncounterQuerySet, Status

SORTS = [("newest", _("newest first")), ("oldest", _("oldest first"))]
COUNT_DEFAULT, COUNT_MAX = 20, 100
# Text filters look this far back where nothing else bounds them.
TEXT_DAYS = 365


class FilterForm(PlainForm, forms.Form):
    """Checks what one filter alone cannot: that the dates are in order."""

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        first, last = cleaned.get("from"), cleaned.get("to")
        if first and last and first > last:
            raise ValidationError(
                {"to": _("“To” is before “from”: nothing can lie between them. Swap them?")}
            )
        return cleaned


def _contains(name: str) -> Any:
    """A method that looks for words in a coded value's text, name or code."""

    def narrow(self: "EncounterFilter", found: Any, _name: str, value: str) -> Any:
        for word in value.split():
            found = found.filter(
                Q(**{f"{name}_text__icontains": word})
                | Q(**{f"{name}_display__icontains": word})
                | Q(**{f"{name}_code__iexact": word})
            )
        return found

    return narrow


class EncounterFilter(django_filters.FilterSet):
    """Every filter of a visit search. `found` is the narrowed queryset, unordered."""

    TEXT_FILTERS = ("q", "type", "service", "location", "reason", "diagnosis")

    q = django_filters.CharFilter(
        label=_("Patient name, number, or reason"), method="filter_text", max_length=200
    )
    patient = django_filters.CharFilter(
        label=_("Patient"),
        method="filter_patient",
        max_length=200,
        help_text=_("Name, number or birth date"),
    )
    status = django_filters.MultipleChoiceFilter(
        label=_("Status"), choices=Status.choices, widget=forms.CheckboxSelectMultiple
    )
    class_code = django_filters.MultipleChoiceFilter(
        label=_("Class"), choices=EncounterClass.choices, widget=forms.CheckboxSelectMultiple
    )
    practitioner = django_filters.CharFilter(
        label=_("Practitioner"),
        method="filter_practitioner",
        max_length=200,
        help_text=_("Any part of the name; “me” for your own"),
    )
    type = django_filters.CharFilter(label=_("Type"), method="filter_type", max_length=200)
    service = django_filters.CharFilter(label=_("Service"), method="filter_service", max_length=200)
    location = django_filters.CharFilter(
        label=_("Location"), field_name="location", lookup_expr="icontains", max_length=200
    )
    diagnosis = django_filters.CharFilter(
        label=_("Diagnosis"),
        method="filter_diagnosis",
        max_length=200,
        help_text=_("A code such as E11, or words"),
    )
    reason = django_filters.CharFilter(label=_("Reason"), method="filter_reason", max_length=200)
    on = django_filters.DateFilter(
        label=_("In the building on"), method="filter_on", widget=DateInput
    )
    open = django_filters.BooleanFilter(
        label=_("Still open"), method="filter_open", widget=forms.CheckboxInput
    )

    filter_type = _contains("type")
    filter_service = _contains("service_type")
    filter_reason = _contains("reason")

    class Meta:
        model = Encounter
        fields: list[str] = []
        form = FilterForm

    @classmethod
    def get_filters(cls) -> dict[str, Any]:
        """`from` is a Python word, so the two date filters are added by name."""
        filters = super().get_filters()
        for name, label in (("from", _("From")), ("to", _("To"))):
            filters[name] = django_filters.DateFilter(
                label=label, method="filter_nothing", widget=DateInput
            )
        return filters

    def __init__(self, data: Any, *, user: Any) -> None:
        super().__init__(data, queryset=Encounter.objects.named_to(user))
        self.user = user
        if not user.has_perm("encounters.view_diagnosis"):
            # Whoever may not read diagnoses may not find visits by them either.
            del self.filters["diagnosis"]

    def filter_queryset(self, queryset: Any) -> Any:
        values = self.form.cleaned_data
        found: EncounterQuerySet = super().filter_queryset(queryset)
        if Status.ENTERED_IN_ERROR not in values.get("status", []):
            found = found.listed()
        return found.dated_within(self.first_day, values.get("to"))

    @cached_property
    def bounded(self) -> bool:
        """Whether the year's bound was put there by us: a text filter and nothing narrower."""
        values = self.form.cleaned_data
        narrow = any(values.get(name) for name in ("patient", "from", "to", "on", "open"))
        return not narrow and any(values.get(name) for name in self.TEXT_FILTERS)

    @property
    def first_day(self) -> dt.date | None:
        """The first day looked at."""
        if self.bounded:
            return clock.today() - dt.timedelta(days=TEXT_DAYS)
        return self.form.cleaned_data.get("from")

    @cached_property
    def chosen_patient(self) -> Patient | None:
        """The patient of a `patient=<key>` link."""
        key = _as_uuid(self.form.cleaned_data.get("patient", ""))
        named = Patient.objects.named_to(self.user)
        return named.filter(pk=key).first() if key else None

    @cached_property
    def chosen_practitioner(self) -> Practitioner | None:
        """The practitioner of a `practitioner=<key>` link, or of "me"."""
        value = self.form.cleaned_data.get("practitioner", "")
        if value == "me":
            return Practitioner.objects.filter(user=self.user).first()
        key = _as_uuid(value)
        return Practitioner.objects.filter(pk=key).first() if key else None

    def filter_nothing(self, found: Any, _name: str, _value: Any) -> Any:
        return found

    def filter_patient(self, found: Any, _name: str, value: str) -> Any:
        if _as_uuid(value):
            return found.of_patient(self.chosen_patient) if self.chosen_patient else found.none()
        # The person's: of the entry that was found, of the one it was merged into, of its others.
        matches = Patient.objects.order_by().search(value)
        people = matches.values(person=Coalesce("merged_into", "pk"))
        entries = Patient.objects.order_by().filter(Q(pk__in=people) | Q(merged_into__in=people))
        return found.filter(patient__in=entries.values("pk"))

    def filter_practitioner(self, found: Any, _name: str, value: str) -> Any:
        if value == "me" or _as_uuid(value):
            chosen = self.chosen_practitioner
            return found.filter(practitioner=chosen) if chosen else found.none()
        return found.filter(practitioner__in=Practitioner.objects.search(value).values("pk"))

    def filter_diagnosis(self, found: Any, _name: str, value: str) -> Any:
        rows = Diagnosis.objects.visible_to(self.user).listed().filter(encounter=OuterRef("pk"))
        words = Q()
        for word in value.split():
            words &= (
                Q(condition_text__icontains=word)
                | Q(condition_display__icontains=word)
                | Q(condition_code__istartswith=word)
            )
        return found.filter(Exists(rows.filter(words)))

    def filter_on(self, found: Any, _name: str, value: dt.date) -> Any:
        return found.in_building_on(value)

    def filter_open(self, found: Any, _name: str, value: bool | None) -> Any:
        return found.open() if value else found

    def filter_text(self, found: Any, _name: str, value: str) -> Any:
        """Each word in the patient's name or number, or in the reason."""
        for word in value.split():
            name = normalise_name(word)
            number = word.replace("-", "")
            patient = Q(patient__mrn=number) | Q(patient__merged_into__mrn=number)
            if name:
                patient |= Q(patient__search_name__contains=name)
                patient |= Q(patient__merged_into__search_name__contains=name)
            found = found.filter(
                patient | Q(reason_text__icontains=word) | Q(reason_display__icontains=word)
            )
        return found


def _as_uuid(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text)
    except ValueError:
        return None
