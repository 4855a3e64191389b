"""What commands share: on whose behalf they run."""

from django.core.management.base import CommandError
from django.utils.translation import gettext as _

from clinik.models import User


def asked_by(username: str | None) -> User | None:
    """The active login of that name (`--user`); raises CommandError where there is none."""
    if not username:
        return None
    user = User.objects.filter(username=username.replace("\0", "")).first()
    if user is None:
        raise CommandError(_("--user %(name)s: there is no such login") % {"name": username})
    if not user.is_active:
        reason = _("--user %(name)s: this login is deactivated; name one that is active")
        raise CommandError(reason % {"name": username})
    return user
