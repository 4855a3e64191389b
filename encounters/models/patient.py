"""Patient (FHIR R4) with identifiers and contacts."""

import datetime as dt
from collections.abc import Collection
from typing import Any, Self, TypeVar
from uuid import UUID

from django.db import models
from django.db.models import Q
from django.db.models.functions import Coalesce
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from clinik import clock
from clinik.ages import Age, age_at
from clinik.constraints import IMPORTED, one_of
from clinik.guards import Kept
from clinik.models import ClinikModel
from clinik.mrn import format_mrn, generate
from clinik.names import normalise_name
from encounters.models.closed import without_closed
from encounters.models.patient_choices import Gender, MaritalStatus
from encounters.models.patient_search import conditions

M = TypeVar("M", bound=models.Model)


class OfPatientQuerySet(models.QuerySet[M]):
    """For every table with a patient: the one way to ask for a person's rows."""

    def of_patient(self, patient: "Patient") -> Self:
        """Rows of the person: of the survivor and of those merged into it."""
        survivor = patient.merged_into_id or patient.pk
        return self.filter(Q(patient=survivor) | Q(patient__merged_into=survivor))


class PatientQuerySet(models.QuerySet["Patient"]):
    def visible_to(self, user: Any) -> Self:
        """Whose pages the user may open: not those of a chart that is closed to them."""
        return without_closed(self.named_to(user), user, "pk")

    def named_to(self, user: Any) -> Self:
        """Whom a list may name to the user, and nothing more than lists say."""
        return self if user.has_perm("encounters.view_patient") else self.none()

    def listed(self) -> Self:
        """Those a list shows: not merged into another."""
        return self.filter(merged_into=None)

    def search(self, text: str) -> Self:
        """One box: any part of the name in any order, birth date, phone, clinic or other number.

        Accents and case are ignored; each word must be answered. An old number finds the survivor
        of a merge. Asks the database once, for numbers, where the text holds a digit.
        """
        return self.filter(conditions(text, numbered).anywhere)

    def first_found(self, text: str, limit: int) -> list["Patient"]:
        """The first `limit` by name, names that begin with the text before those that contain it.

        At most three queries: numbers, beginnings, and the rest where there is room.
        """
        wanted = conditions(text, numbered)
        found: list[Patient] = list(self.filter(wanted.begins)[:limit])
        if len(found) < limit and wanted.anywhere != wanted.begins:
            others = self.filter(wanted.anywhere).exclude(pk__in=[row.pk for row in found])
            found.extend(others[: limit - len(found)])
        return found


def numbered(values: Collection[str]) -> dict[str, set[UUID]]:
    """Whose clinic number or other identifier each value is; survivors stand for the merged."""
    survivor = Coalesce("merged_into", "pk")
    own = Patient.objects.order_by().filter(mrn__in=values).values_list("mrn", survivor)
    other = PatientIdentifier.objects.filter(value__in=values).values_list(
        "value", Coalesce("patient__merged_into", "patient")
    )
    found: dict[str, set[UUID]] = {}
    for value, patient in own.union(other, all=True):
        found.setdefault(value, set()).add(patient)
    return found


def display_name(family: str, given: str, known_as: str) -> str:
    """ "EXAMPLE, Bernardo", also for lists that read columns instead of patients."""
    first = given or (known_as if not family else "")
    return ", ".join(part for part in (family.upper(), first) if part) or str(_("name not known"))


def sex_letter(gender: str) -> str:
    return str({"male": _("M"), "female": _("F"), "other": _("X")}.get(gender, _("?")))


class Patient(ClinikModel):
    """A person the clinic knows. Required: one name, and a birth date, an estimate or "unknown"."""

    Gender = Gender
    MaritalStatus = MaritalStatus

    mrn = models.CharField(_("clinic number"), max_length=8, unique=True, editable=False)
    family = models.CharField(_("family name"), max_length=200, blank=True, default="")
    given = models.CharField(_("given names"), max_length=200, blank=True, default="")
    known_as = models.CharField(_("known as"), max_length=200, blank=True, default="")
    prefix = models.CharField(_("title"), max_length=100, blank=True, default="")
    gender = models.CharField(
        _("gender"), max_length=10, choices=Gender, blank=True, default=Gender.UNKNOWN
    )
    birth_date = models.DateField(_("birth date"), null=True, blank=True, db_index=True)
    birth_date_precision = models.CharField(
        _("birth date is exact to"),
        max_length=7,
        choices=[(p.value, p.label) for p in clock.Precision if p != clock.Precision.INSTANT],
        default=clock.Precision.DAY,
    )
    birth_date_estimated = models.BooleanField(_("age is estimated"), default=False)
    birth_date_unknown = models.BooleanField(_("birth date is unknown"), default=False)
    birth_time = models.TimeField(_("time of birth"), null=True, blank=True)
    multiple_birth = models.PositiveSmallIntegerField(
        _("twin or multiple, born as number"), null=True, blank=True
    )
    identity_unverified = models.BooleanField(_("identity not verified"), default=False)
    phone = models.CharField(_("phone"), max_length=100, blank=True, default="")
    phone_digits = models.CharField(max_length=100, editable=False, default="")
    email = models.CharField(_("e-mail"), max_length=254, blank=True, default="")
    address_line = models.CharField(_("street"), max_length=300, blank=True, default="")
    city = models.CharField(_("town"), max_length=200, blank=True, default="")
    state = models.CharField(_("state"), max_length=100, blank=True, default="")
    postal_code = models.CharField(_("postal code"), max_length=40, blank=True, default="")
    country = models.CharField(_("country"), max_length=100, blank=True, default="")
    language = models.CharField(_("language"), max_length=100, blank=True, default="")
    interpreter_needed = models.BooleanField(_("interpreter needed"), default=False)
    marital_status = models.CharField(
        _("marital status"), max_length=3, choices=MaritalStatus, blank=True, default=""
    )
    deceased = models.BooleanField(_("deceased"), default=False)
    deceased_at = models.DateTimeField(_("died"), null=True, blank=True)
    deceased_at_precision = models.CharField(
        max_length=7, choices=clock.Precision, default=clock.Precision.INSTANT
    )
    active = models.BooleanField(_("active"), default=True)
    # The same for all entries of a person. Its verbs: encounters.access.
    restricted = models.BooleanField(
        _("restricted"),
        default=False,
        editable=False,
        help_text=_("Only the patient's team opens the chart; others say why, for an hour."),
    )
    general_practitioner = models.ForeignKey(
        "encounters.Practitioner",
        verbose_name=_("general practitioner"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
    )
    merged_into = models.ForeignKey(
        "self",
        verbose_name=_("merged into"),
        null=True,
        blank=True,
        editable=False,
        on_delete=models.PROTECT,
        related_name="merged",
    )
    search_name = models.TextField(editable=False, default="")

    objects = PatientQuerySet.as_manager()
    history = HistoricalRecords(excluded_fields=["search_name", "phone_digits"])

    class Meta:
        verbose_name = _("patient")
        verbose_name_plural = _("patients")
        ordering = ["family", "given", "id"]
        permissions = [
            ("merge_patient", "Can merge patients"),
            ("export_record", "Can take out everything about a patient, with trail and versions"),
            ("report_retention", "Can see whose last contact is long ago"),
            ("restrict_patient", "Can restrict a patient's chart to the team"),
            ("export_patient", "Can export what is recorded about a patient"),
        ]
        constraints = [
            one_of("gender", Gender.values, blank=True),
            one_of("marital_status", MaritalStatus.values, blank=True),
            one_of("birth_date_precision", clock.Precision.values),
            one_of("deceased_at_precision", clock.Precision.values),
            models.CheckConstraint(
                name="patient_has_a_name",
                condition=~Q(family="") | ~Q(given="") | ~Q(known_as="") | IMPORTED,
            ),
            models.CheckConstraint(
                name="patient_has_a_birth_date_or_says_unknown",
                condition=Q(birth_date__isnull=False) | Q(birth_date_unknown=True) | IMPORTED,
            ),
            models.CheckConstraint(
                name="patient_not_merged_into_itself",
                condition=Q(merged_into=None) | ~Q(merged_into=models.F("id")),
            ),
        ]
        indexes = [
            models.Index(fields=["family", "given", "id"], name="patient_by_name"),
            models.Index(fields=["phone_digits"], name="patient_phone"),
            # Few are; every reading of charts asks which.
            models.Index(
                fields=["id"], name="patient_restricted", condition=models.Q(restricted=True)
            ),
        ]

    def __str__(self) -> str:
        return self.name

    # What prepare() works out.
    PREPARED = ("mrn", "search_name", "phone_digits")

    def prepare(self) -> None:
        """Work out the columns that follow from others; draw a number where there is none."""
        if not self.mrn:
            self.mrn = new_mrn()
        self.search_name = normalise_name(f"{self.family} {self.given} {self.known_as}")
        self.phone_digits = "".join(char for char in self.phone if char.isdigit())[:100]

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.prepare()
        super().save(*args, **kwargs)

    @property
    def name(self) -> str:
        """ "EXAMPLE, Bernardo": the family name in capitals, as on every banner and list."""
        return display_name(self.family, self.given, self.known_as)

    @property
    def number(self) -> str:
        """The clinic number as people say it, 4-4."""
        return format_mrn(self.mrn)

    @property
    def sex_letter(self) -> str:
        return sex_letter(self.gender)

    def age_at(self, when: dt.datetime | dt.date | None = None) -> Age | None:
        """Age on the clinic's day of `when` (None = today, or at death); None where unknown."""
        if when is None:
            when = self.deceased_at or clock.now()
        if isinstance(when, dt.datetime):
            when = when.astimezone(clock.timezone.get_default_timezone()).date()
        return age_at(
            self.birth_date,
            self.birth_date_precision,
            when,
            estimated=self.birth_date_estimated,
        )

    @property
    def born_words(self) -> str:
        """The birth date as exactly as it is known: "11 Mar 1962", "1962", "about 1962", or ""."""
        if self.birth_date is None:
            return ""
        if self.birth_date_estimated:
            return _("about %(year)s") % {"year": self.birth_date.year}
        form = {"month": "YEAR_MONTH_FORMAT", "year": "Y"}.get(self.birth_date_precision)
        return date_format(self.birth_date, form or "DATE_FORMAT")

    @property
    def survivor(self) -> "Patient":
        """The entry this one was merged into, or itself."""
        return self.merged_into or self


def new_mrn() -> str:
    """A clinic number nobody has; drawn again on collision (the unique key is the judge)."""
    while True:
        number = generate()
        if not Patient.objects.filter(mrn=number).exists():
            return number


def new_mrns(number: int) -> list[str]:
    """So many clinic numbers that nobody has: of a thousand drawn at once two are soon the same."""
    found: set[str] = set()
    while missing := number - len(found):
        drawn = {generate() for _ in range(missing)}
        taken = Patient.objects.filter(mrn__in=drawn).values_list("mrn", flat=True)
        found |= drawn.difference(taken)
    return list(found)


class PatientIdentifier(ClinikModel):
    """Another organisation's number for the person; not unique (people share wrong numbers)."""

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="identifiers")
    system = models.CharField(_("system"), max_length=300, blank=True, default="")
    value = models.CharField(_("number"), max_length=200)
    type_text = models.CharField(_("kind"), max_length=200, blank=True, default="")

    objects = OfPatientQuerySet.as_manager()
    history = HistoricalRecords()

    class Meta:
        verbose_name = _("identifier")
        verbose_name_plural = _("identifiers")
        constraints = [
            models.UniqueConstraint(
                fields=["patient", "system", "value"], name="patient_identifier_once"
            )
        ]
        indexes = [models.Index(fields=["value", "system"], name="patient_identifier")]

    def __str__(self) -> str:
        return self.value


class PatientContact(ClinikModel):
    """A relative, guardian or carer; a guardian is shown for patients under 18."""

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="contacts")
    name = models.CharField(_("name"), max_length=300)
    relationship = models.CharField(_("relationship"), max_length=200, blank=True, default="")
    phone = models.CharField(_("phone"), max_length=100, blank=True, default="")
    is_guardian = models.BooleanField(_("guardian"), default=False)
    active = models.BooleanField(_("current"), default=True)

    objects = OfPatientQuerySet.as_manager()
    history = HistoricalRecords()

    class Meta:
        verbose_name = _("contact")
        verbose_name_plural = _("contacts")

    def __str__(self) -> str:
        return self.name


class NotSamePerson(Kept):
    """ "Not the same person": remembered, so that the pair is not offered as duplicates again."""

    first = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="+")
    second = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="+")
    by = models.ForeignKey("clinik.User", null=True, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["first", "second"], name="not_same_person_once"),
            models.CheckConstraint(
                name="not_same_person_in_order", condition=Q(first__lt=models.F("second"))
            ),
        ]

    def __str__(self) -> str:
        return f"{self.first_id} {self.second_id}"
