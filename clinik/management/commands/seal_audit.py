"""Seal what the audit trail says, for cron."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from clinik.sealing import StillWriting, seal_events


class Command(BaseCommand):
    help = (
        "Seals the events of the audit trail that are not sealed yet. Run it every few minutes;"
        " twice at once does no harm. Keep the digest that it prints outside of the database."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            done = seal_events()
        except StillWriting:
            raise CommandError(
                "A transaction has been writing to the trail for a minute: nothing was sealed."
                " The next run seals it."
            ) from None
        self.stdout.write(f"{done.events} events sealed in {done.seals} seals. Head: {done.head}")
