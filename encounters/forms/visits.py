"""Open, plan and edit a visit: the few fields that matter first, the rest behind a fold."""

import datetime as dt
from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Q
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from clinik import codes
from clinik.forms import MomentField, NewRowForm, PatientGuard, PlainForm, VersionedForm
from encounters.fields import PractitionerField
from encounters.models import Encounter, EncounterParticipant, Hospitalization, Patient
from encounters.models.encounter import OPEN, EncounterClass, Priority, Status

# How many newest visits tell which rooms, types and services the clinic uses.
RECENT_VISITS = 200
MOST_SUGGESTIONS = 30
MOST_PARENTS = 5
DAY_MINUTES = 24 * 60

# Text fields that stand for a coded value, by the value's name.
CODED = {"type_text": "type", "service_type_text": "service_type", "reason_text": "reason"}


def suggested(attrs: dict[str, str] | None = None, *, source: str) -> forms.TextInput:
    """A text box with a <datalist>; the template writes the list under the id `source`."""
    return forms.TextInput({"list": source, "autocomplete": "off", **(attrs or {})})


def suggestions() -> dict[str, list[str]]:
    """What the newest visits say, each text once, for the lists under the fields; one query."""
    rows = (
        Encounter.objects.listed()
        .newest_first()
        .values_list("location", "type_text", "service_type_text", "service_provider")
    )[:RECENT_VISITS]
    columns = list(zip(*rows, strict=True)) or [(), (), (), ()]
    names = ("rooms", "types", "services", "providers")
    return {
        name: sorted(list(dict.fromkeys(filter(None, column)))[:MOST_SUGGESTIONS])
        for name, column in zip(names, columns, strict=True)
    }


def possible_parents(patient: Patient, besides: Encounter | None = None) -> list[Encounter]:
    """Visits that another may be part of: open ones and the last stays, newest first."""
    found = (
        Encounter.objects.of_patient(patient)
        .listed()
        .filter(Q(status__in=OPEN) | Q(class_code__in=("IMP", "EMER")))
        .newest_first()
    )
    if besides is not None:
        found = found.exclude(pk=besides.pk).exclude(part_of=besides.pk)
    return list(found[:MOST_PARENTS])


class VisitFields(forms.Form):
    """What describes a visit, alike when it is opened, planned and edited."""

    MAIN: ClassVar[tuple[str, ...]] = (
        "class_code",
        "practitioner",
        "type_text",
        "location",
        "reason_text",
    )
    MORE: ClassVar[tuple[str, ...]] = (
        "service_type_text",
        "priority",
        "service_provider",
        "part_of",
    )

    class_code = forms.ChoiceField(
        label=gettext_lazy("Class"), choices=EncounterClass.choices, initial=EncounterClass.AMB
    )
    practitioner = PractitionerField(label=gettext_lazy("Practitioner"), required=False)
    type_text = forms.CharField(
        label=gettext_lazy("Type"), max_length=200, required=False, widget=suggested(source="types")
    )
    location = forms.CharField(
        label=gettext_lazy("Room"), max_length=200, required=False, widget=suggested(source="rooms")
    )
    reason_text = forms.CharField(
        label=gettext_lazy("Reason"),
        max_length=500,
        required=False,
        widget=forms.TextInput({"autocomplete": "off"}),
    )
    service_type_text = forms.CharField(
        label=gettext_lazy("Service"),
        max_length=200,
        required=False,
        widget=suggested(source="services"),
    )
    priority = forms.ChoiceField(
        label=gettext_lazy("Priority"), choices=[("", "–"), *Priority.choices], required=False
    )
    service_provider = forms.CharField(
        label=gettext_lazy("Organisation"),
        max_length=200,
        required=False,
        widget=suggested(source="providers"),
    )
    part_of = forms.ChoiceField(
        label=gettext_lazy("Part of"), required=False, widget=forms.RadioSelect
    )

    patient: Patient
    # The visit that is edited; it is no part of itself.
    row: Encounter | None = None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        parents = possible_parents(self.patient, self.row)
        present = self.row.part_of if self.row is not None else None
        if present is not None and present not in parents:
            parents.append(present)
        self._parents = {str(visit.pk): visit for visit in parents}
        if parents:
            choices = [(key, str(visit)) for key, visit in self._parents.items()]
            self.fields["part_of"].choices = [("", _("no other visit")), *choices]  # type: ignore[attr-defined]
        else:
            del self.fields["part_of"]

    def clean_part_of(self) -> Encounter | None:
        return self._parents.get(self.cleaned_data["part_of"])

    def verb_fields(self) -> dict[str, Any]:
        """The cleaned values under the names that the verbs take."""
        names = (*self.MAIN, *self.MORE)
        return {name: self.cleaned_data[name] for name in names if name in self.fields}

    def main_fields(self) -> list[forms.BoundField]:
        return [self[name] for name in self.MAIN if name in self.fields]

    def more_fields(self) -> list[forms.BoundField]:
        return [self[name] for name in self.MORE if name in self.fields]

    def all_fields(self) -> list[forms.BoundField]:
        return [*self.main_fields(), *self.more_fields()]

    def more_is_open(self) -> bool:
        """Whether the fold stands open: something in it was typed or is wrong."""
        return self.is_bound and any(
            self[name].errors or self[name].data for name in self.MORE if name in self.fields
        )


class OpenForm(NewRowForm, PatientGuard, VisitFields):
    """A visit that begins now: everything is filled, so that Enter is enough."""

    MAIN = ("class_code", "status", "practitioner", "location", "type_text", "reason_text")
    MORE = ("start", *VisitFields.MORE)

    status = forms.ChoiceField(label=gettext_lazy("Status"), initial=Status.ARRIVED)
    start = MomentField(
        label=gettext_lazy("Since"),
        required=False,
        help_text=gettext_lazy("Empty: from now."),
    )
    confirmed_second = forms.BooleanField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, user: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [(Status.ARRIVED.value, _("arrived"))]
        if user.has_perm("encounters.triage_encounter"):
            choices.append((Status.TRIAGED.value, _("triaged")))
        if user.has_perm("encounters.start_encounter"):
            choices.append((Status.IN_PROGRESS.value, _("in progress")))
        self.fields["status"].choices = choices  # type: ignore[attr-defined]
        if len(choices) == 1:
            self.fields["status"].widget = forms.HiddenInput()

    def main_fields(self) -> list[forms.BoundField]:
        return [field for field in super().main_fields() if not field.is_hidden]

    def verb_fields(self) -> dict[str, Any]:
        sent = self.cleaned_data["confirmed_second"]
        return {**super().verb_fields(), "confirmed_second": sent}


class PlanForm(NewRowForm, PatientGuard, VisitFields):
    """A visit for later: when, how long, with whom."""

    MAIN = (
        "planned_start",
        "planned_minutes",
        "practitioner",
        "class_code",
        "type_text",
        "location",
        "reason_text",
    )

    planned_start = MomentField(label=gettext_lazy("Planned for"))
    planned_minutes = forms.IntegerField(
        label=gettext_lazy("Minutes"), min_value=1, max_value=DAY_MINUTES, initial=20
    )
    confirmed_overlap = forms.BooleanField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, user: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)

    @cached_property
    def day_asked(self) -> tuple[Any, dt.datetime | None]:
        """(practitioner, start) as far as they can be read, also of a form that has errors."""
        found: list[Any] = []
        for name in ("practitioner", "planned_start"):
            field, value = self.fields[name], self[name].value()
            try:
                if self.is_bound:
                    value = field.widget.value_from_datadict(self.data, {}, self.add_prefix(name))
                found.append(field.clean(value))
            except ValidationError:
                found.append(None)
        return found[0], found[1]


class EditForm(PatientGuard, VersionedForm, VisitFields):
    """The descriptive fields of a visit. Needs `patient` and `instance`."""

    MAIN = (*VisitFields.MAIN, "planned_start", "planned_minutes")

    planned_start = MomentField(label=gettext_lazy("Planned for"), required=False)
    planned_minutes = forms.IntegerField(
        label=gettext_lazy("Planned minutes"), required=False, min_value=1, max_value=DAY_MINUTES
    )

    def __init__(self, *args: Any, instance: Encounter, **kwargs: Any) -> None:
        names = {*self.MAIN, *self.MORE} - {"part_of"}
        initial = {name: getattr(instance, name) for name in names}
        initial |= {field: str(codes.read(instance, name)) for field, name in CODED.items()}
        initial["part_of"] = str(instance.part_of_id or "")
        initial |= kwargs.pop("initial", None) or {}
        super().__init__(*args, instance=instance, initial=initial, **kwargs)
        if instance.planned_start is None and instance.status != Status.PLANNED:
            # Nobody plans what has begun.
            del self.fields["planned_start"], self.fields["planned_minutes"]
        _keep(self.fields["class_code"], instance.class_code)
        _keep(self.fields["priority"], instance.priority)
        for name in ("location", "service_provider", *CODED):
            # What an import brought may be longer than what is typed here.
            self.fields[name].max_length = None  # type: ignore[attr-defined]

    def _row_fields(self) -> list[str]:
        return [name for name in super()._row_fields() if name != "patient"]

    def verb_fields(self) -> dict[str, Any]:
        """What was changed, under the names that change_encounter() takes.

        New words for a coded value take the place of its code.
        """
        changed = {
            name: value
            for name, value in super().verb_fields().items()
            if name in self.changed_data
        }
        for field, name in CODED.items():
            if field in changed:
                changed |= {f"{name}_{part}": "" for part in ("system", "code", "display")}
        return changed


def _keep(field: Any, present: str) -> None:
    """Offer an imported value beside ours, so that saving does not replace it."""
    if present not in dict(field.choices):
        field.choices = [*field.choices, (present, present or "–")]


class ParticipantForm(PlainForm, forms.Form):
    """Somebody who takes part beside the attending, who is the practitioner of the visit."""

    ROLES = [
        (role.value, role.label)
        for role in (
            EncounterParticipant.Role.CONSULTANT,
            EncounterParticipant.Role.TRANSLATOR,
        )
    ]

    role_code = forms.ChoiceField(label=gettext_lazy("Role"), choices=ROLES, initial="CON")
    practitioner = PractitionerField(label=gettext_lazy("Practitioner"), required=False)
    name = forms.CharField(
        label=gettext_lazy("or a name"),
        max_length=300,
        required=False,
        widget=forms.TextInput({"autocomplete": "off"}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        role = (self.initial or {}).get("role_code")
        if role:
            field: Any = self.fields["role_code"]
            if role not in dict(field.choices):
                labels = dict(EncounterParticipant.Role.choices)
                field.choices = [*field.choices, (role, labels.get(role, role))]


class HospitalizationForm(PlainForm, forms.ModelForm):
    """What an admission adds to a visit."""

    admit_source_code = forms.ChoiceField(
        label=gettext_lazy("Admitted from"),
        choices=[("", "–"), *Hospitalization.AdmitSource.choices],
        required=False,
    )

    version = forms.IntegerField(widget=forms.HiddenInput, required=False, min_value=0)

    class Meta:
        model = Hospitalization
        fields = ["admit_source_code", "origin", "re_admission", "diet", "special_arrangement"]
        fields += ["destination"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _keep(self.fields["admit_source_code"], self.instance.admit_source_code)
        # 0: there was none yet.
        seen = 0 if self.instance._state.adding else self.instance.version
        self.initial["version"] = seen

    def verb_fields(self) -> dict[str, Any]:
        """What was changed, and the version it was changed from."""
        changed = {name: self.cleaned_data[name] for name in self.changed_data if name != "version"}
        return {**changed, "version": self.cleaned_data["version"]}

    def see(self, version: int) -> None:
        """Show the form again as filled from the newest version."""
        data = self.data.copy()  # type: ignore[attr-defined]
        data[self.add_prefix("version")] = str(version)
        self.data = data
