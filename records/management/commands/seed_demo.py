"""Make or refresh the demo clinic: invented people, their past, and today's board."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from clinik.demo import shown_logins
from records.demo.seed import seed


class Command(BaseCommand):
    help = (
        "Makes the demo clinic in an empty database; at each later run closes what was left open"
        " on its board and fills it anew. Refuses unless CLINIK_DEMO is on."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.CLINIK_DEMO:
            raise CommandError(
                "This is not a demo (CLINIK_DEMO is off): invented people are not put into a real"
                " clinic's records. bin/run makes a demo."
            )
        counts = seed(progress=self.stderr.isatty())
        self.stdout.write("Demo clinic: " + ", ".join(f"{n} {what}" for what, n in counts.items()))
        for login in shown_logins():
            self.stdout.write(f"  {login['role']:<14} {login['username']:<10} {login['password']}")
