from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


class RecordsConfig(AppConfig):
    name = "records"
    verbose_name = _("Chart")

    def ready(self) -> None:
        from encounters.banner import banner_asking
        from encounters.lifecycle import encounter_closing, encounter_stepping_back
        from records import code_table, obstacles, pregnancy

        post_migrate.connect(
            code_table.fill_after_migrate, sender=self, dispatch_uid="records.code_table"
        )
        banner_asking.connect(pregnancy.for_banner, dispatch_uid="records.banner")
        encounter_closing.connect(obstacles.before_closing, dispatch_uid="records.closing")
        encounter_stepping_back.connect(
            obstacles.before_stepping_back, dispatch_uid="records.stepping_back"
        )
