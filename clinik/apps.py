from typing import Any

from django.apps import AppConfig
from django.core import checks
from django.db.models.signals import m2m_changed, post_migrate, post_save, pre_migrate
from django.utils.translation import gettext_lazy as _


class ClinikConfig(AppConfig):
    name = "clinik"
    verbose_name = _("Clinik")

    def ready(self) -> None:
        from clinik import guards, passwords, roles, staff
        from clinik.models import User

        post_migrate.connect(roles.sync_after_migrate, dispatch_uid="clinik.roles")
        post_migrate.connect(make_cache_table, sender=self, dispatch_uid="clinik.cache_table")
        pre_migrate.connect(guards.before_migrate, dispatch_uid="clinik.guards")
        post_migrate.connect(guards.after_migrate, dispatch_uid="clinik.guards")
        checks.register(guards.check_standing, checks.Tags.database)
        m2m_changed.connect(
            staff.follow_roles, sender=User.groups.through, dispatch_uid="clinik.staff"
        )
        checks.register(check_roles)
        checks.register(passwords.check_breached_passwords, checks.Tags.security)
        _follow_logins()


def _follow_logins() -> None:
    """What happens to a login goes into the trail, whoever caused it."""
    from allauth.account import signals as account
    from allauth.mfa import signals as mfa
    from allauth.mfa.models import Authenticator
    from django.contrib.auth import signals as auth

    from clinik import sessions, staff

    auth.user_logged_in.connect(sessions.begin, dispatch_uid="clinik.session")
    for signal in (account.password_changed, account.password_reset, account.password_set):
        signal.connect(staff.password_was_set, dispatch_uid="clinik.password")
    post_save.connect(
        staff.saved_by_command, sender="clinik.User", dispatch_uid="clinik.saved_by_command"
    )
    for signal, receiver in (
        (auth.user_logged_in, staff.logged_in),
        (auth.user_login_failed, staff.log_in_failed),
        (auth.user_logged_out, staff.logged_out),
        (mfa.authentication_failed, staff.second_step_failed),
        (mfa.authenticator_removed, staff.second_step_removed),
        (mfa.authenticator_added, staff.second_step_changed),
        (mfa.authenticator_removed, staff.second_step_changed),
        (mfa.authenticator_reset, staff.second_step_changed),
    ):
        signal.connect(receiver, dispatch_uid=f"clinik.{receiver.__name__}")
    post_save.connect(
        staff.second_step_saved, sender=Authenticator, dispatch_uid="clinik.second_step"
    )


def make_cache_table(*, using: str = "default", **kwargs: Any) -> None:
    """Receiver of post_migrate: counts of failed logins need their table from the first start."""
    from django.core.management import call_command

    call_command("createcachetable", database=using, verbosity=0)


def check_roles(app_configs: Any, **kwargs: Any) -> list[checks.CheckMessage]:
    """A role misspelled in a setting would ask nobody for a second step."""
    from django.conf import settings

    from clinik.roles import PERMISSIONS

    unknown = sorted(set(settings.CLINIK_MFA_ROLES) - set(PERMISSIONS))
    if not unknown:
        return []
    words = f"CLINIK_MFA_ROLES names no roles: {', '.join(unknown)}."
    return [checks.Error(words, hint=f"Known: {', '.join(PERMISSIONS)}.", id="clinik.E001")]
