"""manage.py migrate: Django's, which leaves no table without its guards when it dies midway."""

from typing import Any

from django.core.management.commands import migrate
from django.db import DatabaseError
from django.utils.translation import gettext as _

from clinik import guards


class Command(migrate.Command):
    def handle(self, *args: Any, **options: Any) -> None:
        try:
            super().handle(*args, **options)
        except BaseException:  # also when it is interrupted; it goes on to whoever called
            self._put_back(options["database"])
            raise

    def _put_back(self, using: str) -> None:
        """What pre_migrate took away, as far as the tables are as the guards need them."""
        try:
            guards.install_where_possible(using)
        except DatabaseError as error:
            words = _("The guards of the tables do not stand: run migrate again. (%(error)s)")
            self.stderr.write(words % {"error": type(error).__name__})
