"""The audit trail's tables: what was done, and the seals over it. Written once, kept for ever.

Writing: clinik.audit; sealing and checking: clinik.sealing; as FHIR: clinik.fhir.auditevent.
"""

from typing import Any

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from clinik.constraints import one_of
from clinik.guards import WrittenOnce


class AuditEvent(WrittenOnce):
    """Who did or saw what, when, from where: written once, outliving what it names.

    Holds names of changed fields, never their values; `detail` holds codes (statuses, times of
    withdrawn intervals), `reason` what the person gave as the reason.
    """

    class Action(models.TextChoices):
        CREATE = "C", _("created")
        READ = "R", _("viewed")
        UPDATE = "U", _("changed")
        EXECUTE = "E", _("did")

    class Outcome(models.TextChoices):
        """FHIR R4 AuditEventOutcome."""

        SUCCESS = "0", _("done")
        REFUSED = "4", _("refused")
        FAILED = "8", _("failed")

    id = models.BigAutoField(primary_key=True)
    at = models.DateTimeField(_("at"), db_index=True)
    action = models.CharField(_("action"), max_length=1, choices=Action)
    act = models.CharField(_("act"), max_length=60)
    outcome = models.CharField(_("outcome"), max_length=1, choices=Outcome, default=Outcome.SUCCESS)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("by"),
        null=True,
        on_delete=models.PROTECT,
        related_name="+",
    )
    role = models.CharField(_("role"), max_length=60, blank=True)
    address = models.GenericIPAddressField(_("address"), null=True)
    request_id = models.CharField(_("request"), max_length=36, blank=True)
    object_type = models.CharField(_("kind"), max_length=60)
    object_id = models.CharField(_("row"), max_length=40, blank=True)
    patient_id = models.UUIDField(_("patient"), null=True)
    encounter_id = models.UUIDField(_("visit"), null=True)
    fields = models.JSONField(_("changed fields"), default=list)
    version = models.PositiveIntegerField(_("version"), null=True)
    detail = models.JSONField(_("detail"), default=dict)
    reason = models.TextField(_("reason"), blank=True)

    class Meta:
        verbose_name = _("audit event")
        verbose_name_plural = _("audit events")
        ordering = ["-id"]
        constraints = [
            one_of("action", ["C", "R", "U", "E"]),
            one_of("outcome", ["0", "4", "8"]),
        ]
        indexes = [
            models.Index(fields=["patient_id", "-id"], name="audit_patient"),
            models.Index(fields=["encounter_id", "-id"], name="audit_encounter"),
            models.Index(fields=["object_type", "object_id", "-id"], name="audit_object"),
            models.Index(fields=["by", "-id"], name="audit_by"),
            models.Index(fields=["act", "-id"], name="audit_act"),
            models.Index(fields=["-id"], name="audit_not_done", condition=~models.Q(outcome="0")),
        ]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.act}"


class AuditSeal(WrittenOnce):
    """A link of the chain over the trail: what it said of the events from `first` to `last`.

    `leaves` has 24 bytes for each event: its id (8, big-endian) and the first 16 of the SHA-256
    over its content, so that a changed row can be named. `digest` is the SHA-256 over them and the
    digest of the seal before (`previous`; "" begins the chain). Seals have no audit events of
    their own: there would never be nothing left to seal.
    """

    id = models.BigAutoField(primary_key=True)
    # How an event is written down before it is digested (clinik.sealing.FORM).
    form = models.PositiveSmallIntegerField(default=1)
    first = models.BigIntegerField(_("first event"))
    last = models.BigIntegerField(_("last event"))
    count = models.PositiveIntegerField(_("events"))
    leaves = models.BinaryField()
    previous = models.CharField(_("digest before"), max_length=64, blank=True)
    digest = models.CharField(_("digest"), max_length=64)
    at = models.DateTimeField(_("sealed"))

    class Meta:
        verbose_name = _("seal of the audit trail")
        verbose_name_plural = _("seals of the audit trail")
        ordering = ["-id"]
        constraints = [
            # Two that seal at once cannot fork the chain.
            models.UniqueConstraint(fields=["previous"], name="audit_seal_follows_one"),
            models.UniqueConstraint(fields=["first"], name="audit_seal_first_once"),
        ]

    def __str__(self) -> str:
        return f"{self.first}–{self.last}"

    def as_row(self) -> dict[str, Any]:
        """What the digest binds besides the leaves."""
        return {"first": self.first, "last": self.last, "count": self.count, "form": self.form}
