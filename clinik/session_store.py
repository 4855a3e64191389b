"""Logins as rows with columns: whose, since when, from where, so that they are listed and ended.

SESSION_ENGINE names this module. What a session holds is Django's; the columns are copies of what
clinik.sessions puts into it.
"""

import datetime as dt
import hashlib
from typing import Any

from django.conf import settings
from django.contrib.sessions.backends.db import SessionStore as DatabaseStore
from django.contrib.sessions.base_session import AbstractBaseSession
from django.db import models
from django.utils.translation import gettext_lazy as _

# What a session holds of its login: seconds of the clock, an address, a browser's name for itself.
BEGAN, SEEN, ADDRESS, AGENT = "began", "seen", "address", "agent"
# Why its screen is locked; not there while it is open.
LOCKED = "locked"
AGENT_LENGTH = 200


class Session(AbstractBaseSession):
    """A browser somebody is logged in with, or was until its screen was locked."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("login"),
        null=True,
        on_delete=models.CASCADE,
        related_name="sessions",
    )
    began = models.DateTimeField(_("since"), null=True)
    seen = models.DateTimeField(_("last used"), null=True)
    address = models.GenericIPAddressField(_("address"), null=True)
    agent = models.CharField(_("browser"), max_length=AGENT_LENGTH, blank=True)
    locked = models.BooleanField(_("locked"), default=False)

    class Meta:
        verbose_name = _("session")
        verbose_name_plural = _("sessions")
        default_permissions = ()

    @classmethod
    def get_session_store_class(cls) -> type["SessionStore"]:
        return SessionStore

    @property
    def handle(self) -> str:
        """What pages call it by: its key opens the clinic, so no page shows that."""
        return hashlib.sha256(self.session_key.encode()).hexdigest()[:16]


class SessionStore(DatabaseStore):
    @classmethod
    def get_model_class(cls) -> type[Session]:
        return Session

    def create_model_instance(self, data: dict[str, Any]) -> Any:
        row: Any = super().create_model_instance(data)
        row.user_id = data.get("_auth_user_id")
        row.began, row.seen = _instant(data.get(BEGAN)), _instant(data.get(SEEN))
        row.address, row.agent = data.get(ADDRESS), data.get(AGENT, "")
        row.locked = LOCKED in data
        return row


def _instant(seconds: float | None) -> dt.datetime | None:
    return None if seconds is None else dt.datetime.fromtimestamp(seconds, dt.UTC)
