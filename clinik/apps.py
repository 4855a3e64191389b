from django.apps import AppConfig
from django.db.models.signals import m2m_changed, post_migrate
from django.utils.translation import gettext_lazy as _


class ClinikConfig(AppConfig):
    name = "clinik"
    verbose_name = _("Clinik")

    def ready(self) -> None:
        from allauth.account.signals import password_changed, password_reset, password_set

        from clinik import roles, staff
        from clinik.models import User

        post_migrate.connect(roles.sync_after_migrate, dispatch_uid="clinik.roles")
        m2m_changed.connect(
            staff.follow_roles, sender=User.groups.through, dispatch_uid="clinik.staff"
        )
        for signal in (password_changed, password_reset, password_set):
            signal.connect(staff.password_was_set, dispatch_uid="clinik.password")
