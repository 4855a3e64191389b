from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


class ClinikConfig(AppConfig):
    name = "clinik"
    verbose_name = _("Clinik")

    def ready(self) -> None:
        from clinik import roles

        post_migrate.connect(roles.sync_after_migrate, dispatch_uid="clinik.roles")
