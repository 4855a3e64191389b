"""Who gets into the admin follows from the roles; what a person does to their login is audited."""

from typing import Any

from allauth.account.internal.userkit import get_user_by_username

from clinik import audit, second_step, sessions
from clinik.models import User
from clinik.roles import ADMINISTRATOR, AUDITOR

# What they see and change there is said by their permissions.
ADMITTED = (ADMINISTRATOR, AUDITOR)


def follow_roles(
    sender: Any, *, instance: Any, action: str, reverse: bool, pk_set: Any, **kwargs: Any
) -> None:
    """Receiver of every change of roles, wherever it is made: keeps `is_staff` true to them."""
    if action not in ("post_add", "post_remove", "post_clear"):
        return
    for user in User.objects.filter(pk__in=pk_set or []) if reverse else [instance]:
        admitted = user.is_superuser or user.groups.filter(name__in=ADMITTED).exists()
        if user.is_staff != admitted:
            user.is_staff = admitted
            user.save(update_fields=["is_staff"])


def password_was_set(sender: Any, *, request: Any, user: User, **kwargs: Any) -> None:
    """Receiver: somebody set or changed their own password; their other sessions end."""
    sessions.end_all(user, but=request.session.session_key)
    audit.record("user.set_password", user, by=user, fields=["password"])


def saved_by_command(
    sender: Any,
    *,
    instance: User,
    created: bool,
    raw: bool = False,
    update_fields: Any = None,
    **kwargs: Any,
) -> None:
    """Receiver: `createsuperuser` and `changepassword` are nobody's acts, but they are acts.

    Within a request the verbs and allauth say it themselves, with who did it.
    """
    if raw or audit.origin.get().request_id:
        return
    if created and instance.is_superuser:
        fields = ["is_superuser", "password", "username"]
        audit.record("user.create", instance, by=None, fields=fields)
    elif not created and update_fields is None and getattr(instance, "_password", None):
        audit.record("user.set_password", instance, by=None, fields=["password"])


def logged_in(sender: Any, *, user: User, **kwargs: Any) -> None:
    """Receiver: all steps of a login are done."""
    audit.record_login("user.log_in", user, by=user)


def log_in_failed(sender: Any, *, credentials: Any, **kwargs: Any) -> None:
    """Receiver: a wrong password, or no account of this name."""
    user = get_user_by_username(credentials.get("username") or "")
    audit.record_login("user.log_in_failed", user)


def logged_out(sender: Any, *, request: Any, user: User | None, **kwargs: Any) -> None:
    """Receiver: somebody pressed "Log out"; the answer tells the browser to forget (middleware)."""
    request.logged_out = True
    if user is not None:
        audit.record_login("user.log_out", user, by=user)


def second_step_failed(sender: Any, *, user: User, **kwargs: Any) -> None:
    """Receiver: the password was right, the code or the key was not."""
    audit.record_login("user.second_step_failed", user)


def second_step_saved(sender: Any, *, instance: Any, created: bool, **kwargs: Any) -> None:
    """Receiver: somebody set up a second step, or new recovery codes, for themselves.

    Of the row itself, because allauth's own signal comes after the transaction.
    """
    if created:
        user, detail = instance.user, {"type": str(instance.type)}
        audit.record("user.add_second_step", user, by=user, fields=["second_step"], detail=detail)


def second_step_changed(sender: Any, *, request: Any, user: User, **kwargs: Any) -> None:
    """Receiver: somebody set up or took away a second step of their own: as with a new password,
    their other sessions end, which were begun without it."""
    sessions.end_all(user, but=request.session.session_key)


def second_step_removed(
    sender: Any, *, request: Any, user: User, authenticator: Any, **kwargs: Any
) -> None:
    """Receiver: somebody took their own second step away. The administrator's reset of another's
    is a verb of its own (encounters.logins)."""
    if authenticator.user_id != user.pk:
        return
    request.session.pop(second_step.IS_SET_UP, None)
    detail = {"type": str(authenticator.type)}
    audit.record("user.remove_second_step", user, by=user, fields=["second_step"], detail=detail)
