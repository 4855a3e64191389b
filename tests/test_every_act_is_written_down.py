"""Random acts through pages, the admin and commands: whatever changed, was shown or was refused
has its row in the trail.

100 of them in the suite; CLINIK_ACTS=1000 for more. What changed is read off the tables, not off
what the acts say of themselves.
"""

import json
import os
import random
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import cache
from django.core.management import call_command
from django.db import transaction
from django.test import Client
from django.urls import reverse

from clinik.models import AuditEvent, Code, User
from clinik.roles import ADMINISTRATOR
from encounters.models import (
    Allergy,
    AmendmentRequest,
    Diagnosis,
    Disclosure,
    Encounter,
    NoKnownAllergies,
    Patient,
    PatientAlert,
    Practitioner,
)
from records.models import Assessment, Note, NoteTemplate, Observation, Prescription
from tests import bundles
from tests.factories import PatientFactory, PractitionerFactory, UserFactory
from tests.form_cases import CASES, World
from tests.page_forms import forms_of
from tests.test_permissions import ROLES, TABLE, _own, make_world, url_of
from tests.test_trail import NOBODY_NAMED

pytestmark = pytest.mark.django_db

ACTS = int(os.environ.get("CLINIK_ACTS", "100"))
# What a person acts upon; the parts of these (components, periods, signatures) change with them.
WHOLE = (
    Patient, PatientAlert, Practitioner, Encounter, Diagnosis, Allergy, NoKnownAllergies,
    Observation, Note, Prescription, Assessment, NoteTemplate, User, Code, AmendmentRequest,
    Disclosure,
)  # fmt: skip
# An import says of a patient and a visit what it brought; their records are counted in that.
IMPORTED = (Patient, Encounter)

Act = Callable[[Any, Path], list[str]]


def versions() -> dict[tuple[str, str], int]:
    return {
        (model._meta.label_lower, str(pk)): version
        for model in WHOLE
        for pk, version in model._default_manager.values_list("pk", "version")
    }


class Watch:
    """What is in the tables and in the trail, before and after an act."""

    def __init__(self) -> None:
        self.before = versions()
        self.last = AuditEvent.objects.order_by("-pk").values_list("pk", flat=True).first() or 0

    def events(self) -> Any:
        return AuditEvent.objects.filter(pk__gt=self.last)

    def unwritten(self, only: tuple[Any, ...] = WHOLE) -> list[str]:
        """Rows that are new or have another version, without an event that names them."""
        after, labels = versions(), {model._meta.label_lower for model in only}
        written = set(
            self.events()
            .filter(outcome=AuditEvent.Outcome.SUCCESS)
            .exclude(action=AuditEvent.Action.READ)
            .values_list("object_type", "object_id")
        )
        return [
            f"{label} {pk}"
            for (label, pk), version in after.items()
            if label in labels
            and self.before.get((label, pk)) != version
            and (label, pk) not in written
        ]


def form(chance: random.Random, _folder: Path) -> list[str]:
    case = chance.choice(CASES)
    found = World(case.role)
    url, sent = case.find(found)
    if case.url_name == "records:board_earlier":
        sent.data["visit"] = str(Encounter.objects.filter(patient=found.patient).get().pk)
    watch = Watch()
    answer = found.client.post(url, sent.data)
    assert answer.status_code == 302, (case.id, answer.content.decode()[:2000])
    missing = watch.unwritten()
    if not watch.events().filter(by=found.user).exclude(action="R").exists():
        missing.append("an act")
    return [f"{case.id}: {row}" for row in missing]


def page(chance: random.Random, folder: Path) -> list[str]:
    """Any address, asked by any role: shown to those who may, refused to the others."""
    name = chance.choice(sorted(name for name, row in TABLE.items() if row.get))
    client, user = Client(), UserFactory(role=chance.choice(ROLES))
    client.force_login(user)
    url, watch = url_of(name, _own()[name], make_world()), Watch()
    answer: Any = client.get(url)
    if answer.streaming:
        list(answer.streaming_content)
    written = watch.events().filter(by=user)
    if answer.status_code in (403, 404):
        found = written.filter(outcome=AuditEvent.Outcome.REFUSED)
    elif answer.status_code == 200 and name not in NOBODY_NAMED:
        found = written.filter(action=AuditEvent.Action.READ)
    else:
        return [f"{name}: {row}" for row in watch.unwritten()]
    return watch.unwritten() + ([] if found.exists() else [f"{name}: {answer.status_code}"])


def refused(chance: random.Random, folder: Path) -> list[str]:
    """A form sent by somebody whose role may not."""
    name = chance.choice(
        sorted(n for n, row in TABLE.items() if row.post and row.post < set(ROLES))
    )
    role = chance.choice(sorted(set(ROLES) - TABLE[name].post))
    client, user = Client(), UserFactory(role=role)
    client.force_login(user)
    url, watch = url_of(name, _own()[name], make_world()), Watch()
    answer = client.post(url)
    assert answer.status_code in (403, 404), (name, role)
    found = watch.events().filter(by=user, outcome=AuditEvent.Outcome.REFUSED)
    return watch.unwritten() + ([] if found.exists() else [f"{name}: {answer.status_code}"])


def _changed_code() -> tuple[Any, dict[str, str]]:
    number = Code.objects.count()
    return Code.objects.create(system="urn:x", code=f"C{number}", display="One"), {"display": "Two"}


ADMIN: tuple[Callable[[], tuple[Any, dict[str, str]]], ...] = (
    lambda: (PatientFactory(), {"city": "Elsewhere"}),
    lambda: (PractitionerFactory(), {"family": "Otherwise"}),
    lambda: (UserFactory(role="Nurse"), {"first_name": "Other"}),
    _changed_code,
)


def admin(chance: random.Random, _folder: Path) -> list[str]:
    client, user = Client(), UserFactory(role=ADMINISTRATOR)
    client.force_login(user)
    row, changed = chance.choice(ADMIN)()
    meta = row._meta
    watch = Watch()
    url = reverse(f"admin:{meta.app_label}_{meta.model_name}_change", args=[row.pk])
    asked = [form for form in forms_of(client.get(url).content.decode()) if "version" in form.data]
    answer = client.post(url, asked[0].data | changed)
    assert answer.status_code == 302, (url, answer.content.decode()[:3000])
    missing = watch.unwritten()
    if not watch.events().filter(by=user, act__endswith=".change").exists():
        missing.append(f"{url}: no change")
    return missing


def imports(chance: random.Random, folder: Path) -> list[str]:
    """A bundle with a patient and a visit of their own."""
    number = chance.randrange(10**9)
    text = json.dumps(_bundle(number))
    path = folder / f"{number}.json"
    path.write_text(text)
    watch = Watch()
    call_command("import_fhir", str(path), source=f"s{number}", verbosity=0)
    missing = watch.unwritten(IMPORTED)
    assert Patient.objects.filter(source=f"s{number}").exists()
    return missing + ([] if watch.events().filter(act="import.run").exists() else ["import.run"])


def _bundle(number: int) -> dict[str, Any]:
    resources = (bundles.PATIENT, bundles.DOCTOR, bundles.CLINIC, bundles.ROOM, bundles.VISIT)
    entries = [bundles.entry(each) for each in (*resources, bundles.PRESSURE)]
    return {"resourceType": "Bundle", "type": "transaction", "entry": entries, "id": f"b{number}"}


def export(_chance: random.Random, folder: Path) -> list[str]:
    patient, watch = make_world()["patient_pk"], Watch()
    call_command("export_fhir", patient=str(patient), output=folder / str(patient), verbosity=0)
    found = watch.events().filter(patient_id=patient, act__startswith="patient.export")
    return [] if found.exists() else ["export"]


def login(chance: random.Random, _folder: Path) -> list[str]:
    """Right, wrong, and out again."""
    user, client, watch = (
        UserFactory(role="Nurse", password="a horse of its own"),
        Client(),
        Watch(),
    )
    right = chance.random() < 0.5
    password = "a horse of its own" if right else "no such horse"
    client.post(reverse("account_login"), {"login": user.username, "password": password})
    wanted = {"user.log_in"} if right else {"user.log_in_failed"}
    if right:
        client.post(reverse("account_logout"))
        wanted.add("user.log_out")
    written = set(watch.events().filter(object_id=str(user.pk)).values_list("act", flat=True))
    return sorted(wanted - written)


KINDS: tuple[tuple[Act, int], ...] = (
    (form, 34), (page, 34), (refused, 14), (admin, 8), (login, 4), (imports, 4), (export, 2),
)  # fmt: skip


def test_no_act_is_missing_in_the_trail(tmp_path: Path) -> None:
    chance = random.Random(20260103)
    acts = chance.choices([act for act, _weight in KINDS], [w for _act, w in KINDS], k=ACTS)
    missing = []
    for act in acts:
        # Each in a clinic of its own: what forms are filled with names one person there.
        point = transaction.savepoint()
        missing += act(chance, tmp_path)
        transaction.savepoint_rollback(point)
        cache.clear()
    assert missing == []
    assert len(Counter(act.__name__ for act in acts)) == len(KINDS)


def test_an_act_without_its_row_would_be_found() -> None:
    watch = Watch()
    patient = PatientFactory()
    assert watch.unwritten() == [f"encounters.patient {patient.pk}"]
    watch = Watch()
    patient.city = "Elsewhere"
    patient.save()
    assert watch.unwritten() == [f"encounters.patient {patient.pk}"]
