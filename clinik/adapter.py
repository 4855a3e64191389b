"""How allauth behaves here: who may try a password how often, and what is kept of a second step.

Failed logins are counted three times: by account and address, so that a colleague behind the same
address is not kept out; by account from anywhere; by address, against many names. What is counted
stands in the database's cache, so the limits hold over any number of processes.
"""

import base64
import hashlib
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.internal.userkit import get_user_by_username
from allauth.core.internal import ratelimit
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from cryptography.fernet import Fernet, MultiFernet
from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from clinik import audit, second_step

# Beside allauth's own "login_failed", which counts an account at an address.
FURTHER_LIMITS = ("login_failed_account", "login_failed_address")
# Seconds in which one refusal by a limit is written to the trail; the others of that time are not,
# or an attack would fill it.
REFUSAL_SAID_EVERY = 300


class AccountAdapter(DefaultAccountAdapter):
    """Users are made by an administrator; nobody signs up."""

    error_messages = {
        **DefaultAccountAdapter.error_messages,
        "account_inactive": _("This login is not in use any more. Ask an administrator."),
        "enter_current_password": _("Type the password you have now."),
        "incorrect_code": _("This code is not right, or it was used before."),
        "incorrect_password": _("This password is not right."),
        "invalid_login": _("This did not log you in. Try again."),
        "rate_limited": _("Too many attempts. Wait a while, then try again."),
        "too_many_login_attempts": _("Too many failed attempts. Wait a while, then try again."),
        "username_password_mismatch": _("User name or password is not correct."),
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def get_client_ip(self, request: HttpRequest) -> str:
        """As the audit trail has it; behind a socket without a proxy all share one."""
        return audit.address_of(request) or "0.0.0.0"

    def _account_of(self, credentials: dict[str, Any]) -> str:
        """Which account is meant; its key where it exists, for a name can be spelled many ways."""
        name = credentials.get("username") or ""
        user = get_user_by_username(name) if name and "\x00" not in name else None
        return f"user {user.pk}" if user else f"name {name.casefold()}"

    def _get_login_attempts_cache_key(self, request: HttpRequest, **credentials: Any) -> str:
        """allauth's hook: the key of its own count."""
        return f"{ratelimit.get_ip(request)} {self._account_of(credentials)}"

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Raises ValidationError where a limit is reached; otherwise this attempt is counted."""
        self._further: list[Any] = []
        try:
            super().pre_authenticate(request, **credentials)
            for action in FURTHER_LIMITS:
                usage = ratelimit.consume(
                    request,
                    app="allauth.account",
                    action=action,
                    key=self._account_of(credentials),
                )
                if not usage:
                    raise self.validation_error("too_many_login_attempts")
                self._further.append(usage)
        except Exception:
            self._say_refusal(request, credentials)
            raise

    def _rollback_login_failed_rl_usage(self) -> None:
        """allauth's hook: the password was right, so this attempt does not count."""
        super()._rollback_login_failed_rl_usage()
        for usage in self._further:
            usage.rollback()

    def _say_refusal(self, request: HttpRequest, credentials: dict[str, Any]) -> None:
        key = self._get_login_attempts_cache_key(request, **credentials)
        digest = hashlib.sha256(key.encode()).hexdigest()
        if cache.add(f"login-refused:{digest}", 1, REFUSAL_SAID_EVERY):
            user = get_user_by_username(credentials.get("username") or "")
            audit.record_login("user.log_in_refused", user, detail={"why": "too many attempts"})


class MFAAdapter(DefaultMFAAdapter):
    """Secrets of second steps are kept encrypted, and stay where a role asks for them."""

    error_messages = {
        **DefaultMFAAdapter.error_messages,
        "cannot_delete_authenticator": _(
            "Your role needs a second step at login: set another one up before removing this one."
        ),
        "cannot_generate_recovery_codes": _(
            "Recovery codes stand in for a second step: set one up first."
        ),
        "incorrect_code": _("This code is not right, or it was used before."),
    }

    def encrypt(self, text: str) -> str:
        return _fernet().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        return _fernet().decrypt(encrypted_text.encode()).decode()

    def get_totp_issuer(self) -> str:
        return settings.CLINIK_NAME

    def generate_authenticator_name(self, user: Any, type: Any) -> str:
        """What a new key is called until its owner says otherwise."""
        there = Authenticator.objects.filter(user=user, type=type).count()
        return gettext("Key %(number)s") % {"number": there + 1}

    def can_delete_authenticator(self, authenticator: Any) -> bool:
        """Not the last one of a person whose role needs a second step."""
        user = authenticator.user
        return not second_step.is_required(user) or second_step.of(user).count() > 1


def _fernet() -> MultiFernet:
    """Keys drawn from SECRET_KEY and the fallbacks that it was rotated from."""
    return MultiFernet(
        [
            Fernet(base64.urlsafe_b64encode(hashlib.sha256(f"second step {key}".encode()).digest()))
            for key in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
        ]
    )
