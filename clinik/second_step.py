"""The second step at login: who must have one, who has one, and the way to it.

CLINIK_MFA_ROLES names the roles that need it. Somebody of such a role without one can do nothing
but set one up.
"""

from collections.abc import Callable
from typing import Any

from allauth.mfa.models import Authenticator
from django.conf import settings
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from clinik.roles import ADMINISTRATOR

# Set in the session once it is known that there is one.
IS_SET_UP = "second_step"
# Where somebody without one may go.
OPEN = ("mfa_", "account_", "session_")
TYPES = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)


def of(user: Any) -> QuerySet[Authenticator]:
    """The second steps of a user; recovery codes only stand in for one."""
    return Authenticator.objects.filter(user=user, type__in=TYPES)


def is_required(user: Any) -> bool:
    """Whether a role of this user asks for it; who may do everything counts as administrator."""
    needed = set(settings.CLINIK_MFA_ROLES)
    if not needed:
        return False
    held = set(user.role_names) | ({ADMINISTRATOR} if user.is_superuser else set())
    return bool(needed & held)


class SecondStepMiddleware:
    """Leads whose role needs a second step, and who has none, to the page that sets one up."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Any, args: Any, kwargs: Any
    ) -> HttpResponse | None:
        if not settings.CLINIK_MFA_ROLES or not getattr(view, "login_required", True):
            return None
        user: Any = request.user
        if not user.is_authenticated or request.session.get(IS_SET_UP) or not is_required(user):
            return None
        if of(user).exists():
            request.session[IS_SET_UP] = True
            return None
        request.second_step_needed = True  # type: ignore[attr-defined]
        match = request.resolver_match
        if match is not None and (match.view_name or "").startswith(OPEN):
            return None
        return redirect("mfa_index")
