"""Check the audit trail against its seals."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from clinik.sealing import unsealed, verify


class Command(BaseCommand):
    help = (
        "Checks that every sealed event of the audit trail is as it was sealed, that none is"
        " missing and none was put in, and that the chain of seals is whole. Ends with 1 if not."
    )

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("--head", default="", help="a digest that seal_audit printed")

    def handle(self, *args: Any, **options: Any) -> None:
        found = 0
        for finding in verify(head=options["head"]):
            found += 1
            where = f"event {finding.event}" if finding.event else "the seal"
            of = f"seal {finding.seal}: " if finding.seal else "the chain: "
            self.stdout.write(f"{of}{where} {finding.what}" if finding.seal else of + finding.what)
        if found:
            raise CommandError(f"{found} findings: the audit trail is not as it was sealed.")
        waiting = unsealed()
        self.stdout.write(f"The audit trail is as it was sealed; {waiting} events not sealed yet.")
