"""Note (FHIR R4 DocumentReference): written as a draft, signed by its author, then closed."""

import datetime as dt
import hashlib
import json
from typing import Any, Self

from django.conf import settings
from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from clinik import codes
from clinik.clock import Precision
from clinik.constraints import IMPORTED, one_of
from clinik.guards import Fixed
from clinik.models import ClinikModel
from clinik.transitions import TransitionError
from encounters.models import Practitioner
from records.models.base import ClinicalRecord, RecordQuerySet


class NoteQuerySet(RecordQuerySet["Note"]):
    def unsigned(self) -> "NoteQuerySet":
        return self.filter(status=Note.Status.PRELIMINARY)

    def unsigned_of(self, practitioner: Practitioner) -> "NoteQuerySet":
        """This practitioner's drafts made here, of any day; only they can sign them."""
        return self.unsigned().listed().filter(author=practitioner, source="")

    def awaiting_cosignature_of(self, practitioner: Practitioner) -> "NoteQuerySet":
        """Signed notes whose author named this practitioner, who has not signed yet."""
        theirs = NoteSignature.objects.filter(note=OuterRef("pk"), practitioner=practitioner)
        return self.listed().filter(
            ~Exists(theirs), cosigner=practitioner, status__in=[Status.FINAL, Status.AMENDED]
        )


class Status(models.TextChoices):
    PRELIMINARY = "preliminary", _("draft, not signed")
    FINAL = "final", _("signed")
    AMENDED = "amended", _("amended")
    ENTERED_IN_ERROR = "entered-in-error", _("entered in error")


class Type(models.TextChoices):
    PROGRESS = "progress-note", _("progress note")
    DISCHARGE = "discharge-summary", _("discharge summary")
    CONSULTATION = "consultation-note", _("consultation note")
    HISTORY = "history-and-physical", _("history and physical")
    OPERATIVE = "operative-note", _("operative note")
    PROCEDURE = "procedure-note", _("procedure note")
    REFERRAL = "referral-note", _("referral note")
    TRANSFER = "transfer-summary", _("transfer summary")
    OTHER = "other", _("other")


class Format(models.TextChoices):
    """How the text of a note made here is read; an import may hold any content type."""

    PLAIN = "text/plain", _("plain text")
    MARKDOWN = "text/markdown", _("markdown")


class Relation(models.TextChoices):
    """FHIR relatesTo: appends or replaces."""

    ADDENDUM = "addendum", _("addendum")
    AMENDMENT = "amendment", _("amendment")


# The columns that a signature binds (content_digest), and the digest itself.
BOUND = (
    *("id", "patient_id", "encounter_id", "about_id", "relation", "type", "effective"),
    *("title", "content_type", "content", "digest", "signed_at"),
)


class Note(ClinicalRecord):
    """`preliminary` is a draft, readable by clinical staff and written by its author only.

    Signing sets `final` and `digest` and closes every write path; what comes after is an addendum
    or an amendment: another note that names this one in `about`.
    """

    guards = (Fixed(*BOUND, when="digest"),)

    Status = Status
    Type = Type
    Format = Format
    Relation = Relation

    status = models.CharField(
        _("status"), max_length=20, choices=Status, default=Status.PRELIMINARY, editable=False
    )
    type = models.CharField(_("type"), max_length=30, choices=Type, default=Type.PROGRESS)
    type_system = codes.system_field()
    type_code = codes.code_field(_("type code"))
    type_display = codes.display_field()
    type_text = codes.text_field(_("type as sent"))
    type_more = codes.more_field()
    category = models.CharField(_("category"), max_length=300, blank=True, default="")
    title = models.CharField(_("title"), max_length=500, blank=True, default="")
    # Plain or markdown, up to 100,000 characters in forms; imports keep everything.
    content = models.TextField(_("text"), blank=True, default="")
    content_type = models.CharField(max_length=100, default=Format.PLAIN, editable=False)
    digest = models.CharField(max_length=64, blank=True, default="", editable=False)
    signed_at = models.DateTimeField(_("signed"), null=True, blank=True, editable=False)
    about = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="additions"
    )
    relation = models.CharField(max_length=20, choices=Relation, blank=True, default="")
    # Named by the author; their signature is a second NoteSignature over the same digest.
    cosigner = models.ForeignKey(
        Practitioner,
        verbose_name=_("to be co-signed by"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
    )

    objects = NoteQuerySet.as_manager()
    history = HistoricalRecords()

    class Meta:
        verbose_name = _("note")
        verbose_name_plural = _("notes")
        permissions = [("enter_any_in_error", "Can enter anybody's record in error")]
        constraints = [
            one_of("status", Status.values),
            one_of("effective_precision", Precision.values),
            one_of("type", Type.values),
            one_of("relation", Relation.values, blank=True),
            models.CheckConstraint(
                name="note_signed_has_digest",
                condition=~Q(status__in=["final", "amended"])
                | (~Q(digest="") & Q(signed_at__isnull=False))
                | IMPORTED,
            ),
            models.CheckConstraint(
                name="note_cosigner_is_another",
                condition=Q(cosigner__isnull=True)
                | Q(author__isnull=True)
                | ~Q(cosigner=F("author")),
            ),
        ]
        indexes = [
            models.Index(fields=["encounter", "-effective"], name="note_encounter"),
            models.Index(fields=["patient", "-effective"], name="note_patient"),
            models.Index(
                fields=["author"], name="note_unsigned", condition=Q(status="preliminary")
            ),
            models.Index(
                fields=["cosigner"], name="note_cosigner", condition=Q(cosigner__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return self.title or str(self.get_type_display())

    @classmethod
    def from_db(cls, *args: Any, **kwargs: Any) -> Self:
        row = super().from_db(*args, **kwargs)
        row._remember()
        return row

    def refresh_from_db(self, *args: Any, **kwargs: Any) -> None:
        super().refresh_from_db(*args, **kwargs)
        self._remember()

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Refuses, whoever asks, to write other words into a note that was read as signed."""
        if self._as_signed is not None:
            now = {name: self.__dict__.get(name) for name in self._as_signed}
            if now != self._as_signed:
                raise TransitionError(
                    gettext("This note is signed: write an addendum instead."), current=self.status
                )
        super().save(*args, **kwargs)
        self._remember()

    # What was read of a signed note, of all that its signature binds; None while it is a draft.
    _as_signed: dict[str, Any] | None = None

    def _remember(self) -> None:
        known = self.__dict__
        signed = known.get("digest") and not known["_state"].adding
        self._as_signed = {name: known[name] for name in BOUND if name in known} if signed else None

    @property
    def is_signed(self) -> bool:
        return bool(self.digest) or self.status in (self.Status.FINAL, self.Status.AMENDED)

    @property
    def is_markdown(self) -> bool:
        return self.content_type.partition(";")[0].strip().lower() == Format.MARKDOWN

    def content_digest(self) -> str:
        """SHA-256 over what a signature binds: all that is read in the note, and where it stands.

        The author is bound by the signature, the status is not: a signed note may still be entered
        in error. As JSON, so that no two notes read the same.
        """
        when = self.effective
        bound = [
            *(str(self.pk), str(self.patient_id), str(self.encounter_id or "")),
            *(str(self.about_id or ""), self.relation, self.type),
            when.astimezone(dt.UTC).isoformat() if when else "",
            *(self.title, self.content_type, self.content),
        ]
        return hashlib.sha256(json.dumps(bound).encode()).hexdigest()


class NoteSignature(ClinikModel):
    """One signature over a note's digest; a co-signature is a second row."""

    guards = (Fixed("note_id", "practitioner_id", "by_id", "at", "digest"),)

    note = models.ForeignKey(Note, on_delete=models.PROTECT, related_name="signatures")
    practitioner = models.ForeignKey(Practitioner, on_delete=models.PROTECT, related_name="+")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(_("signed"))
    digest = models.CharField(max_length=64)

    class Meta:
        verbose_name = _("signature")
        verbose_name_plural = _("signatures")
        ordering = ["at", "id"]
        constraints = [
            models.UniqueConstraint(fields=["note", "practitioner"], name="note_signed_once_each")
        ]

    def __str__(self) -> str:
        return f"{self.practitioner_id} {self.at}"
