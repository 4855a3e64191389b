"""Who gets into the admin follows from the roles; what a person does to their login is audited."""

from typing import Any

from clinik import audit
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


def password_was_set(sender: Any, *, user: User, **kwargs: Any) -> None:
    """Receiver: somebody set or changed their own password."""
    audit.record("user.set_password", user, by=user, fields=["password"])
