"""Logins of the staff: made and kept by administrators, deactivated, never deleted.

A login belongs to roles, and for those who treat to a practitioner. There is no mail server: a
password is set by its owner, through a link that is shown once to the administrator.
"""

from collections.abc import Collection, Mapping
from typing import Any

from allauth.account.forms import default_token_generator
from allauth.account.utils import user_pk_to_url_str
from allauth.mfa.base.internal.flows import delete_and_cleanup
from allauth.mfa.models import Authenticator
from django.contrib.auth.models import Group
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from clinik import audit, sessions
from clinik.models import User
from clinik.roles import ADMINISTRATOR, CLINICIAN, NURSE, PERMISSIONS
from clinik.transitions import lock
from encounters.models import Practitioner
from encounters.practitioners import add_practitioner

FIELDS = frozenset({"username", "first_name", "last_name", "email"})
# They write in the chart under their name, so they are practitioners.
TREATING = frozenset({NURSE, CLINICIAN})


def add_user(
    *,
    by: Any,
    username: str,
    roles: Collection[str],
    practitioner: Practitioner | None = None,
    new_practitioner: Mapping[str, Any] | None = None,
    **fields: Any,
) -> User:
    """A new login without a password; its link is made by set_password_link().

    `new_practitioner` holds the prefix and specialty of a practitioner to be made with it.
    """
    _may(by, "clinik.add_user")
    user = User(username=username, **fields)
    user.set_unusable_password()
    _check_roles(roles, treats=practitioner is not None or new_practitioner is not None)
    user.full_clean()
    with transaction.atomic():
        user._history_user = by  # type: ignore[attr-defined]
        user.save(force_insert=True)
        user.groups.set(_groups(roles))
        detail = {"roles": sorted(roles)}
        audit.record("user.create", user, by=by, fields=["username", *fields], detail=detail)
        if new_practitioner is not None:
            practitioner = add_practitioner(
                by=by, given=user.first_name, family=user.last_name, **new_practitioner
            )
        if practitioner is not None:
            _link(practitioner, user, by=by)
    return user


def change_user(
    user: User,
    *,
    by: Any,
    version: int,
    roles: Collection[str] | None = None,
    practitioner: Practitioner | None = None,
    **fields: Any,
) -> User:
    """The login with other names or roles; None leaves roles and practitioner as they are.

    Raises StaleVersion, PermissionDenied and ValidationError keyed by field.
    """
    unknown = fields.keys() - FIELDS
    if unknown:
        raise TypeError(f"not changed here: {', '.join(sorted(unknown))}")
    with transaction.atomic():
        fresh = _lock(user, by=by, version=version)
        present = {group.name for group in fresh.groups.all()}
        changed = [name for name, value in fields.items() if getattr(fresh, name) != value]
        for name in changed:
            setattr(fresh, name, fields[name])
        if practitioner is not None and practitioner.user_id != fresh.pk:
            _link(practitioner, fresh, by=by)
            changed.append("practitioner")
        detail = {}
        if roles is not None and set(roles) != present:
            _check_roles(roles, treats=Practitioner.objects.filter(user=fresh).exists())
            _keep_an_administrator(fresh, roles)
            changed.append("roles")
            detail = {"from": sorted(present), "to": sorted(roles)}
        if changed:
            _save(fresh, by=by, act="user.change", fields=changed, detail=detail)
            if detail:
                fresh.groups.set(_groups(roles or ()))
    return fresh


def deactivate(user: User, *, by: Any) -> User:
    """No login any more. Open sessions end, for good: the password goes with them."""
    with transaction.atomic():
        fresh = _lock(user, by=by)
        if fresh.pk == by.pk:
            raise ValidationError(_("Nobody deactivates their own login: ask a colleague."))
        _keep_an_administrator(fresh, ())
        if not fresh.is_active:
            return fresh
        fresh.is_active = False
        fresh.set_unusable_password()
        sessions.end_all(fresh)
        return _save(fresh, by=by, act="user.deactivate", fields=["is_active", "password"])


def activate(user: User, *, by: Any) -> User:
    """The login counts again, once its owner has set a password."""
    with transaction.atomic():
        fresh = _lock(user, by=by)
        if fresh.is_active:
            return fresh
        fresh.is_active = True
        return _save(fresh, by=by, act="user.activate", fields=["is_active"])


def end_password(user: User, *, by: Any) -> User:
    """Password, earlier links and open sessions of a login stop working, before a new link."""
    with transaction.atomic():
        fresh = _lock(user, by=by)
        if not fresh.is_active:
            raise ValidationError(_("This login is deactivated: activate it first."))
        fresh.set_unusable_password()
        sessions.end_all(fresh)
        return _save(fresh, by=by, act="user.end_password", fields=["password"])


def set_password_link(user: User, *, by: Any) -> str:
    """The path by which a person sets their password, once, within PASSWORD_RESET_TIMEOUT."""
    _may_change(by, user)
    key = default_token_generator.make_token(user)
    audit.record("user.show_password_link", user, by=by)
    return reverse(
        "account_reset_password_from_key",
        kwargs={"uidb36": user_pk_to_url_str(user), "key": key},
    )


def reset_second_step(user: User, *, by: Any, request: HttpRequest) -> int:
    """Take away the second step at login, of somebody who has lost it; how many there were."""
    with transaction.atomic():
        fresh = _lock(user, by=by)
        found = list(Authenticator.objects.filter(user=fresh))
        for authenticator in found:
            delete_and_cleanup(request, authenticator)
        if found:
            sessions.end_all(fresh)
            _save(fresh, by=by, act="user.reset_second_step", fields=["second_step"])
    return len(found)


def end_sessions(user: User, *, by: Any) -> int:
    """Wherever this login is open, it is closed now; in how many browsers it was open."""
    with transaction.atomic():
        fresh = _lock(user, by=by)
        ended = sessions.end_all(fresh)
        audit.record("user.end_sessions", fresh, by=by, detail={"ended": ended})
    return ended


def _save(
    user: User, *, by: Any, act: str, fields: list[str], detail: Mapping[str, Any] | None = None
) -> User:
    user.full_clean()
    user.version += 1
    user._history_user = by  # type: ignore[attr-defined]
    user.save()
    audit.record(act, user, by=by, fields=fields, detail=detail)
    return user


def _may(by: Any, permission: str) -> None:
    if not by.has_perm(permission):
        raise PermissionDenied


def _may_change(by: Any, user: User) -> None:
    """An administrator does not get at a login that may do more than every role."""
    _may(by, "clinik.change_user")
    if user.is_superuser and not by.is_superuser:
        raise PermissionDenied


def _lock(user: User, *, by: Any, version: int | None = None) -> User:
    fresh = lock(user, version=version)
    _may_change(by, fresh)
    return fresh


def _groups(roles: Collection[str]) -> list[Group]:
    return list(Group.objects.filter(name__in=roles))


def _check_roles(roles: Collection[str], *, treats: bool) -> None:
    if not roles or not PERMISSIONS.keys() >= set(roles):
        raise ValidationError({"roles": _("Choose at least one role.")})
    if TREATING & set(roles) and not treats:
        raise ValidationError(
            {"practitioner": _("Nurses and clinicians are practitioners: choose or make one.")}
        )


def _keep_an_administrator(user: User, roles: Collection[str]) -> None:
    others = User.objects.filter(is_active=True, groups__name=ADMINISTRATOR).exclude(pk=user.pk)
    loses = ADMINISTRATOR not in roles and user.groups.filter(name=ADMINISTRATOR).exists()
    if loses and not others.exists():
        raise ValidationError(_("This is the last administrator: make another one first."))


def _link(practitioner: Practitioner, user: User, *, by: Any) -> None:
    fresh = lock(practitioner)
    if fresh.user_id is not None and fresh.user_id != user.pk:
        raise ValidationError({"practitioner": _("This practitioner has a login already.")})
    if Practitioner.objects.filter(user=user).exclude(pk=fresh.pk).exists():
        raise ValidationError({"practitioner": _("This login has a practitioner already.")})
    fresh.user = user
    fresh._history_user = by
    fresh.save()
    audit.record("practitioner.change", fresh, by=by, fields=["user"])
