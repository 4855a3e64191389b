"""What a login may do follows its roles at each moment: without any, while they change, and for
logins that are switched off or belong to no person.
"""

from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.core.management import CommandError, call_command, get_commands, load_command_class
from django.test import Client
from django.urls import reverse

from clinik.models import AuditEvent, User
from clinik.roles import ADMINISTRATOR, AUDITOR, CLINICIAN, FRONT_DESK, NURSE
from encounters import logins
from encounters.models import Encounter
from records import prescriptions
from records.models import Note
from records.notes import DRAFT_NEW
from tests.factories import PASSWORD, UserFactory
from tests.form_cases import CASES, World
from tests.page_forms import state
from tests.test_permissions import ROLES, TABLE, _own, make_world, url_of

pytestmark = pytest.mark.django_db

# One's own screen and login; a page that only leads on to another; and whether we are alive.
ANYBODYS = {
    "preferences", "session_state", "session_lock", "session_list", "session_end", "session_kept",
    "healthz", "readyz", "records:board_today",
}  # fmt: skip
# One address, several steps: tests/test_permissions.py tries one of each.
STEPS = {
    ("encounters:encounter_step", "arrive"): {FRONT_DESK, NURSE, CLINICIAN, ADMINISTRATOR},
    ("encounters:encounter_step", "triage"): {NURSE, CLINICIAN},
    ("encounters:encounter_step", "start"): {NURSE, CLINICIAN},
    ("encounters:encounter_step", "resume"): {NURSE, CLINICIAN},
    # Each by its prescriber; who typed it takes back a draft.
    ("records:prescription_step", "activate"): {CLINICIAN},
    ("records:prescription_step", "hold"): {CLINICIAN},
    ("records:prescription_step", "resume"): {CLINICIAN},
    ("records:prescription_step", "stop"): {CLINICIAN},
    ("records:prescription_step", "cancel"): {NURSE, CLINICIAN},
}
BEFORE = {"arrive": "planned", "triage": "arrived", "start": "triaged", "resume": "onleave"}


def client_of(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def test_login_without_a_role_opens_nothing_and_sends_nothing() -> None:
    world, client = make_world(), client_of(UserFactory())
    urls = {name: url_of(name, pattern, world) for name, pattern in _own().items()}
    before = state()
    for name, url in urls.items():
        for method in ("get", "post") if name not in ANYBODYS else ():
            status = getattr(client, method)(url).status_code
            assert status in (403, 404, 405), (name, method, status)
    assert client.get(reverse("records:board_today"), follow=True).status_code == 403
    assert client.get("/admin/").status_code in (302, 403)
    assert state() == before


@pytest.mark.parametrize("role", ROLES)
def test_each_step_of_an_address_asks_for_its_role(role: str) -> None:
    assert set(STEPS) == {
        *(("encounters:encounter_step", verb) for verb in BEFORE),
        *(("records:prescription_step", verb) for verb in prescriptions.STEPS),
    }
    user = UserFactory(role=role)
    client = client_of(user)
    for (name, verb), allowed in STEPS.items():
        world = World(CLINICIAN)
        if verb in BEFORE and name.startswith("encounters:"):
            row: Any = world.visit(BEFORE[verb])
        else:
            row = world.prescription(activate=verb not in ("activate", "cancel"))
            if verb == "resume":
                row = prescriptions.hold(row, by=world.user, reason="Cough")
            if role in (NURSE, CLINICIAN):
                own = {"author": user.practitioner, "entered_by": user}
                type(row).objects.filter(pk=row.pk).update(**own)
        sent = {"version": row.version, "patient": row.patient_id, "reason": "Cough",
                "override_reason": "Asked"}  # fmt: skip
        before = state()
        status = client.post(reverse(name, args=[row.pk, verb]), sent).status_code
        assert status == (302 if role in allowed else 403) or (
            role not in allowed and status == 404
        ), (name, verb, status)
        assert (state() != before) == (role in allowed), (name, verb)


def test_role_that_is_taken_away_while_a_form_is_open_ends_with_the_next_press() -> None:
    world, boss = World(CLINICIAN), UserFactory(role=ADMINISTRATOR)
    case = next(case for case in CASES if case.id == "note_add")
    url, form = case.find(world)
    form.data["content"] = "Feels worse.\nSleeps <badly>."
    logins.change_user(world.user, by=boss, version=world.user.version, roles=[FRONT_DESK])
    before = state()
    answer = world.client.post(url, form.data)
    assert answer.status_code == 403
    assert "Feels worse.<br>Sleeps &lt;badly&gt;." in answer.content.decode()
    assert world.client.post(url, form.data, headers={"HX-Request": "true"}).status_code == 403
    draft = reverse("records:note_draft", args=[DRAFT_NEW, Encounter.objects.get().pk])
    assert world.client.post(draft, form.data).status_code in (403, 404)
    assert state() == before
    assert not Note.objects.exists()
    fresh = User.objects.get(pk=world.user.pk)
    logins.change_user(fresh, by=boss, version=fresh.version, roles=[CLINICIAN])
    assert world.client.post(url, form.data).status_code == 302
    assert Note.objects.get().content == form.data["content"]


@pytest.mark.parametrize("how", ["verb", "row"])
def test_login_that_is_switched_off_sends_nothing_from_a_session_that_was_open(how: str) -> None:
    world, boss = World(CLINICIAN), UserFactory(role=ADMINISTRATOR)
    case = next(case for case in CASES if case.id == "vitals_add")
    url, form = case.find(world)
    if how == "verb":
        logins.deactivate(world.user, by=boss)
    else:  # by SQL, a command, an old release: its sessions are there still
        User.objects.filter(pk=world.user.pk).update(is_active=False)
    before = state()
    for headers in ({}, {"HX-Request": "true"}):
        answer = world.client.post(url, form.data, headers=headers)
        assert answer.status_code == 302
        assert answer["Location"].startswith(reverse("account_login"))
        assert world.client.get(url, headers=headers).status_code == 302
    assert world.client.get(reverse("session_state")).json()["user"] is None
    assert state() == before


def service_account() -> User:
    boss = UserFactory(role=ADMINISTRATOR)
    return logins.add_user(by=boss, username="service-import", roles=[ADMINISTRATOR])


def test_service_account_acts_for_commands_and_nobody_logs_in_with_it(tmp_path: Any) -> None:
    user = service_account()
    for password in ("", "!", user.password, PASSWORD, "service-import"):
        client = Client()
        client.post(reverse("account_login"), {"login": user.username, "password": password})
        assert "_auth_user_id" not in client.session
        assert client.get(reverse("records:board_today")).status_code == 302
    assert AuditEvent.objects.filter(act="user.log_in_failed", object_id=str(user.pk)).exists()
    call_command("export_fhir", output=tmp_path / "out", user=user.username, verbosity=0)
    assert AuditEvent.objects.filter(act="patient.export_all", by=user).exists()


COMMANDS = {
    "export_fhir": lambda folder: {"output": folder / "out"},
    "export_record": lambda folder: {"output": folder / "out.zip"},
    "import_fhir": lambda folder: {},
    "import_csv": lambda folder: {},
}


def test_every_command_that_takes_a_user_is_tried_here() -> None:
    taking = set()
    for name, app in get_commands().items():
        if str(app).partition(".")[0] in ("clinik", "encounters", "records"):
            parser = load_command_class(str(app), name).create_parser("manage.py", name)
            if any(action.dest == "user" for action in parser._actions):
                taking.add(name)
    assert taking == set(COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_command_refuses_a_login_that_is_switched_off(name: str, tmp_path: Any) -> None:
    world = World(CLINICIAN)
    world.visit()
    user = service_account()
    logins.deactivate(user, by=UserFactory(role=ADMINISTRATOR))
    source = tmp_path / "in.json"
    source.write_text('{"resourceType": "Patient", "id": "1"}')
    args: dict[str, tuple[str, ...]] = {
        "export_fhir": (),
        "export_record": (world.patient.number,),
        "import_fhir": (str(source),),
        "import_csv": ("patients", str(source)),
    }
    before, options = state(), COMMANDS[name](tmp_path)
    for username, words in ((user.username, "is deactivated"), ("nobody", "no such login")):
        with pytest.raises(CommandError, match=words):
            call_command(name, *args[name], user=username, verbosity=0, **options)
    assert state() == before
    assert [path.name for path in tmp_path.iterdir()] == ["in.json"]


def test_verbs_refuse_auditors_whatever_they_call() -> None:
    world = World(CLINICIAN)
    drug = world.prescription(activate=True)
    with pytest.raises(PermissionDenied):
        prescriptions.stop(drug, by=UserFactory(role=AUDITOR), reason="No")
    assert TABLE["records:prescription_step"].post == {NURSE, CLINICIAN}
