"""Two people press different steps of one visit at the same moment, 1,000 times: one step is taken.

    .venv/bin/python -m tests.faults.two_steps                            on SQLite
    bin/postgres-scratch .venv/bin/python -m tests.faults.two_steps

The other is told that it was changed meanwhile.
"""

import sys
import threading
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from tests.faults.clinic import Served, asked, own_database, serve, verdict

PAIRS = (("triage", "start"), ("start", "cancel"), ("cancel", "triage"))
LEADS_TO = {"triage": "triaged", "start": "in-progress", "cancel": "cancelled"}


@dataclass
class Pressed:
    visit: Any
    # Verb: status of the answer.
    answers: dict[str, int] = field(default_factory=dict)

    def verb(self, number: int, who: int) -> str:
        return PAIRS[number % len(PAIRS)][who]


def run(served: Served, visits: int = 1000) -> list[Pressed]:
    from clinik.roles import CLINICIAN
    from tests.factories import EncounterFactory
    from tests.form_cases import World

    people = [World(CLINICIAN).client.cookies["sessionid"].value for _each in range(2)]
    pressed = [Pressed(EncounterFactory(status="arrived")) for _each in range(visits)]
    together = threading.Barrier(2)

    def work(who: int) -> None:
        for number, each in enumerate(pressed):
            verb = each.verb(number, who)
            together.wait(timeout=60)
            each.answers[verb] = press(served, people[who], verb, each.visit)
            if number % 20 == 0:
                # A page, which shows what was said so far.
                served.request("GET", "/account/preferences/", people[who])

    both = [threading.Thread(target=work, args=[who]) for who in range(2)]
    for thread in both:
        thread.start()
    for thread in both:
        thread.join()
    return pressed


def press(served: Served, session: str, verb: str, visit: Any) -> int:
    """As its button on the visit's page does."""
    from django.urls import reverse

    from clinik import clock
    from tests.form_cases import local

    fields = {"version": str(visit.version), "patient": str(visit.patient_id)}
    if verb == "cancel":
        path = reverse("encounters:encounter_cancel", args=[visit.pk])
        fields |= {"reason": "left-before-seen", "end": local(clock.now())}
    else:
        path = reverse("encounters:encounter_step", args=[visit.pk, verb])
    return served.post(path, session, fields)[0]


def wrong(pressed: list[Pressed]) -> list[str]:
    """Where anything but one step was taken, or it was not written down as one."""
    from clinik.models import AuditEvent
    from encounters.models import Encounter

    found = []
    acts = Counter(
        AuditEvent.objects.filter(act__in=[f"encounter.{verb}" for verb in LEADS_TO]).values_list(
            "encounter_id", flat=True
        )
    )
    for each in pressed:
        taken = [verb for verb, status in each.answers.items() if status == 302]
        visit = Encounter.objects.get(pk=each.visit.pk)
        history = list(visit.status_history.standing())
        said = visit.status, [row.status for row in history], acts[visit.pk]
        fine = len(taken) == 1 and set(each.answers.values()) == {302, 409}
        if fine:
            to = LEADS_TO[taken[0]]
            fine = said == (to, ["arrived", to], 1) and visit.version == each.visit.version + 1
            fine = fine and history[0].end == history[1].start
        if not fine:
            found.append(f"{each.answers}: {said}, version {visit.version}")
    return found


def main() -> int:
    with own_database() as url:
        with serve(url) as served:
            pressed = run(served, asked())
        found = wrong(pressed)
    print(f"{len(pressed)} visits, {len(found)} wrong")
    print(
        Counter(verb for each in pressed for verb, status in each.answers.items() if status == 302)
    )
    for line in found[:5]:
        print(f"  {line}")
    return verdict(not found)


if __name__ == "__main__":
    sys.exit(main())
