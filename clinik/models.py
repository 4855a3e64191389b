"""The ground: what every row has, who works here, and what was done."""

from functools import cached_property
from typing import Any, ClassVar, Self

from django.contrib.auth.models import AbstractUser
from django.db import models, transaction
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from clinik.constraints import one_of
from clinik.guards import Fixed, Kept
from clinik.ids import uuid7
from clinik.session_store import Session as Session  # a table of this app
from clinik.trail import AuditEvent as AuditEvent
from clinik.trail import AuditSeal as AuditSeal
from clinik.transitions import StaleVersion

MRN_SYSTEM = "urn:clinik:mrn"


class ClinikModel(Kept):
    """Every clinical row: a time-ordered key, when, which version, and where it came from.

    `source` is the name of the import it came with; empty = made here. `version` rises with every
    save; saving an object that somebody else has saved since it was read raises StaleVersion
    instead of overwriting (no lost update, whoever writes). `guards` are columns that the database
    keeps as they are.
    """

    guards: ClassVar[tuple[Fixed, ...]] = ()

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    created = models.DateTimeField(_("entered"), auto_now_add=True)
    updated = models.DateTimeField(_("changed"), auto_now=True)
    version = models.PositiveIntegerField(_("version"), default=1, editable=False)
    source = models.CharField(_("source"), max_length=200, blank=True, default="", editable=False)

    # Set before save(): who and why, for the row's history.
    _history_user: Any
    _change_reason: str

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        if self._state.adding:
            super().save(*args, **kwargs)
            return
        self._loaded_version, self.version = self.version, self.version + 1
        if kwargs.get("update_fields") is not None:
            kwargs["update_fields"] = {*kwargs["update_fields"], "version", "updated"}
        try:
            # One transaction, so that a refused save leaves no history row either.
            with transaction.atomic():
                super().save(*args, **kwargs)
        except BaseException:
            self.version = self._loaded_version
            raise
        finally:
            del self._loaded_version

    def _do_update(self, base_qs: Any, *args: Any, **kwargs: Any) -> Any:
        """Django's hook for the UPDATE of save(): bound to the version that was read."""
        updated = super()._do_update(base_qs.filter(version=self._loaded_version), *args, **kwargs)
        if not updated:
            raise StaleVersion(self)
        return updated


class User(Kept, AbstractUser):
    """A login. Roles are groups (clinik.roles); a user is deactivated, never deleted."""

    single_keys = models.BooleanField(
        _("single-letter keys"),
        default=True,
        help_text=_("Use keys such as / or t without holding Ctrl or Alt."),
    )
    # Raised by the verbs that change a user (no lost update).
    version = models.PositiveIntegerField(_("version"), default=1, editable=False)

    history = HistoricalRecords(excluded_fields=["password", "last_login"])

    class Meta(AbstractUser.Meta):
        indexes = [models.Index(fields=["is_active", "username"], name="user_active")]

    def __str__(self) -> str:
        return self.get_full_name() or self.username

    def save(self, *args: Any, **kwargs: Any) -> None:
        """A login or a new password alone is no new row of the history."""
        names = kwargs.get("update_fields")
        if names is not None and {"password", "last_login"}.issuperset(names):
            self.skip_history_when_saving = True
        try:
            super().save(*args, **kwargs)
        finally:
            vars(self).pop("skip_history_when_saving", None)

    @cached_property
    def role_names(self) -> list[str]:
        """This user's roles (clinik.roles), sorted; one query a request."""
        return sorted(group.name for group in self.groups.all())

    @property
    def role_name(self) -> str:
        """The same as one text, for the audit trail."""
        return ", ".join(self.role_names)


class DraftQuerySet(models.QuerySet["Draft"]):
    def of(self, user: User, form: str, target: object) -> Self:
        """The one draft of a user for a form and its target, if there is one."""
        return self.filter(user=user, form=form, target=str(target))


class Draft(models.Model):
    """Typing in progress: one row per user, form and target; no history, no audit.

    Turned into the real row and removed in one transaction. `base_version` is the version of the
    row the text started from (None for a new one).
    """

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="drafts")
    form = models.CharField(max_length=60)
    target = models.CharField(max_length=80)
    base_version = models.PositiveIntegerField(null=True)
    payload = models.JSONField(default=dict)
    created = models.DateTimeField(auto_now_add=True)
    updated = models.DateTimeField(auto_now=True)

    objects = DraftQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "form", "target"], name="draft_one_each")
        ]

    def __str__(self) -> str:
        return f"{self.form} {self.target}"


class ImportRun(Kept):
    """One run of an import command: who, when, what was asked for, what came of it.

    A run without `finished` was cut off; the next run of the same files goes on in it.
    """

    command = models.CharField(_("command"), max_length=60, blank=True, default="")
    source = models.CharField(_("source"), max_length=200)
    started = models.DateTimeField(_("started"))
    finished = models.DateTimeField(_("finished"), null=True)
    by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    # The paths as they were asked for; each file read has a row of its own (ImportFile).
    files = models.JSONField(_("files"), default=list)
    options = models.JSONField(_("options"), default=dict)
    counts = models.JSONField(_("counts"), default=dict)
    failures = models.JSONField(_("failures"), default=list)

    class Meta:
        verbose_name = _("import run")
        verbose_name_plural = _("import runs")
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.source} {self.started:%Y-%m-%d %H:%M}"


class ImportFile(Kept):
    """One file of a run, and how far it has been written: its rows and this row change in one
    transaction, so a run that was cut off goes on where it stood."""

    class State(models.TextChoices):
        WAITING = "waiting", _("not written yet")
        WRITTEN = "written", _("written")
        REFUSED = "refused", _("refused")

    run = models.ForeignKey(ImportRun, on_delete=models.PROTECT, related_name="parts")
    number = models.PositiveIntegerField()
    name = models.CharField(_("file"), max_length=1000)
    # SHA-256 of the file as it lies there, and its bytes.
    digest = models.CharField(_("digest"), max_length=64)
    size = models.PositiveBigIntegerField(_("size"), default=0)
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.WAITING)
    # Resources (lines of NDJSON, rows of CSV) written so far.
    done = models.PositiveIntegerField(_("done"), default=0)
    # What came of them so far: an ImportReport as JSON.
    report = models.JSONField(_("report"), default=dict)

    class Meta:
        verbose_name = _("imported file")
        verbose_name_plural = _("imported files")
        ordering = ["run", "number"]
        constraints = [
            models.UniqueConstraint(fields=["run", "number"], name="import_file_number"),
            one_of("state", ["waiting", "written", "refused"]),
        ]

    def __str__(self) -> str:
        return self.name


class ImportedResource(Kept):
    """Which row a resource of a source became, so that a second run finds it.

    Several keys may name one row. `row_version` is the row's version as the import wrote it: a
    higher one now means that staff have edited it. `raw` keeps what is not modelled: of a resource
    that became a row its further elements, of one that became none (`row_model` empty: an
    organisation, a procedure) the whole of it, as sent. `patient_id` is whose it is, `encounter_id`
    of which visit (of one that became no row). `first_run` brought it, `run` brought what it says
    now.
    """

    source = models.CharField(max_length=200)
    resource_type = models.CharField(max_length=60)
    resource_id = models.CharField(max_length=500)
    row_model = models.CharField(max_length=60, blank=True, default="")
    row_id = models.UUIDField(null=True)
    row_version = models.PositiveIntegerField(default=1)
    patient_id = models.UUIDField(null=True)
    encounter_id = models.UUIDField(null=True)
    digest = models.CharField(max_length=64)
    raw = models.JSONField(default=dict)
    first_run = models.ForeignKey(
        ImportRun, null=True, on_delete=models.PROTECT, related_name="first_resources"
    )
    run = models.ForeignKey(
        ImportRun, null=True, on_delete=models.PROTECT, related_name="resources"
    )

    class Meta:
        verbose_name = _("imported resource")
        verbose_name_plural = _("imported resources")
        constraints = [
            models.UniqueConstraint(
                fields=["source", "resource_type", "resource_id"], name="imported_resource_key"
            )
        ]
        indexes = [
            models.Index(
                fields=["row_id"],
                name="imported_resource_row",
                condition=models.Q(row_id__isnull=False),
            ),
            models.Index(
                fields=["patient_id"],
                name="imported_resource_patient",
                condition=models.Q(row_id__isnull=True, patient_id__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.resource_type}/{self.resource_id}"


class ImportedIdentifier(Kept):
    """A business identifier of an imported resource, so that references like
    Location?identifier=system|value find it, in this run or a later one."""

    source = models.CharField(max_length=200)
    resource_type = models.CharField(max_length=60)
    system = models.CharField(max_length=500, blank=True, default="")
    value = models.CharField(max_length=500)
    resource_id = models.CharField(max_length=500)

    class Meta:
        verbose_name = _("identifier of an imported resource")
        verbose_name_plural = _("identifiers of imported resources")
        constraints = [
            models.UniqueConstraint(
                fields=["source", "resource_type", "value", "system", "resource_id"],
                name="imported_identifier_once",
            )
        ]

    def __str__(self) -> str:
        return f"{self.resource_type} {self.value}"


class PendingReference(models.Model):
    """A column of an imported row that waits for a resource which no run has brought yet.

    `target_id` is the id that the source gives it, or "system|value" where only a number is known.
    """

    source = models.CharField(max_length=200)
    target_type = models.CharField(max_length=60)
    target_id = models.CharField(max_length=500)
    row_model = models.CharField(max_length=60)
    row_id = models.UUIDField()
    # The foreign key that is filled.
    name = models.CharField(max_length=60)

    class Meta:
        verbose_name = _("reference waiting for its target")
        verbose_name_plural = _("references waiting for their targets")
        constraints = [
            models.UniqueConstraint(
                fields=["source", "target_type", "target_id", "row_id", "name"],
                name="pending_reference_once",
            )
        ]

    def __str__(self) -> str:
        return f"{self.target_type}/{self.target_id}"


class Code(ClinikModel):
    """One entry of a code table (LOINC for observations, ICD-10-CM for diagnoses).

    Tables are filled in bulk, without history; it begins with the first change by hand, which
    raises `version` above 1. `search` holds all names of the entry as clinik.code_index writes
    them, `position` its place when several fit: the likelier a diagnosis, the lower (None: never
    offered, as chapters are).
    """

    system = models.CharField(_("code system"), max_length=200)
    code = models.CharField(_("code"), max_length=40)
    display = models.CharField(_("name"), max_length=400)
    kind = models.CharField(_("kind"), max_length=40, blank=True)
    units = models.JSONField(_("units"), blank=True, default=list)
    search = models.TextField(_("search text"), blank=True, editable=False)
    active = models.BooleanField(_("offered"), default=True)
    position = models.PositiveIntegerField(null=True, editable=False)

    history = HistoricalRecords(excluded_fields=["search", "position"])

    class Meta:
        verbose_name = _("code")
        verbose_name_plural = _("codes")
        ordering = ["system", "code"]
        constraints = [models.UniqueConstraint(fields=["system", "code"], name="code_key")]
        indexes = [models.Index(fields=["system", "position"], name="code_position")]

    def __str__(self) -> str:
        return f"{self.code} {self.display}"


class CodeWord(models.Model):
    """A word of a code table's names and the positions of the codes that have it.

    Made from the table and made anew with it (clinik.code_index): no history. `positions` are
    ascending 32-bit numbers, the lowest byte first.
    """

    system = models.CharField(max_length=200)
    word = models.CharField(max_length=80)
    positions = models.BinaryField()

    class Meta:
        verbose_name = _("word of a code table")
        verbose_name_plural = _("words of code tables")
        constraints = [models.UniqueConstraint(fields=["system", "word"], name="code_word_key")]

    def __str__(self) -> str:
        return self.word
