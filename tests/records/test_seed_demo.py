"""The demo clinic: made in an empty database, alive again at each later start."""

import datetime as dt
from collections import Counter
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client

from clinik import clock, demo
from clinik.models import AuditEvent, User
from encounters.models import Allergy, Diagnosis, Encounter, Patient, Practitioner, StatusPeriod
from encounters.models.encounter import OPEN, EncounterClass, Status
from records.board import COLUMNS, on_board
from records.demo.people import EVERYBODY
from records.demo.seed import seed
from records.demo.staff import hire
from records.demo.times import at
from records.demo.today import SLOTS, close_stale, top_up
from records.models import Assessment, Note, Observation, Prescription

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(
        connection.vendor != "sqlite", reason="the demo's database is SQLite's alone (bin/run)"
    ),
]

# A Wednesday in the middle of the morning, and an hour at which a day is hardly begun.
MORNING = dt.datetime(2026, 3, 11, 10, 20, tzinfo=dt.UTC)


def board(now: dt.datetime) -> Counter[str]:
    """How many visits stand in each status on the board of that moment."""
    with at(now):
        found = Encounter.objects.filter(on_board(clock.today()))
        return Counter(found.values_list("status", flat=True))


def columns(now: dt.datetime) -> dict[str, int]:
    counts = board(now)
    counts["in-progress"] += counts.pop("onleave", 0)
    return {status.value: counts[status] for status in COLUMNS}


WANTED = {status.value: sum(slot.column == status for slot in SLOTS) for status in COLUMNS}


@pytest.fixture
def few_people(monkeypatch: pytest.MonkeyPatch) -> None:
    """Everybody is registered, but only a few have a past: what a test of today needs."""
    monkeypatch.setattr("records.demo.seed.past_of", lambda person, now: [])


def test_command_refuses_outside_of_a_demo(settings: Any) -> None:
    settings.CLINIK_DEMO = False
    with pytest.raises(CommandError, match="not a demo"):
        call_command("seed_demo", stdout=StringIO())
    assert not User.objects.exists()
    assert not Patient.objects.exists()


def test_command_makes_the_clinic_and_prints_each_login(settings: Any, few_people: None) -> None:
    settings.CLINIK_DEMO = True
    out = StringIO()
    call_command("seed_demo", stdout=out)
    for login in demo.LOGINS:
        assert login.username in out.getvalue()
        user = User.objects.get(username=login.username)
        assert user.check_password(demo.PASSWORD)
        assert [group.name for group in user.groups.all()] == [login.role]
    others = User.objects.exclude(username__in=[login.username for login in demo.LOGINS])
    assert others.exists()
    assert not any(user.has_usable_password() for user in others)
    assert not User.objects.filter(is_superuser=True).exists()


def test_login_page_shows_the_logins_only_in_a_demo(client: Client, settings: Any) -> None:
    settings.CLINIK_DEMO = True
    assert demo.PASSWORD in client.get("/account/login/").content.decode()
    settings.CLINIK_DEMO = False
    assert demo.PASSWORD not in client.get("/account/login/").content.decode()


def test_the_past_holds_every_kind_and_state() -> None:
    with at(MORNING):
        seed()
    assert Patient.objects.count() == len(EVERYBODY) >= 60
    assert Practitioner.objects.count() == 8
    assert Encounter.objects.count() > 200
    assert {*Encounter.objects.values_list("class_code", flat=True)} == set(EncounterClass.values)
    assert {*Encounter.objects.values_list("status", flat=True)} == set(Status.values) - {"unknown"}
    assert {*Prescription.objects.values_list("status", flat=True)} == {
        "active",
        "stopped",
        "on-hold",
    }
    assert {*Note.objects.values_list("status", flat=True)} == {"final", "preliminary"}
    assert Diagnosis.objects.filter(category="problem-list-item").exists()
    assert not Diagnosis.objects.filter(condition_code="").exists()
    assert Allergy.objects.filter(severity="severe").exists()
    assert Assessment.objects.exists()
    assert Encounter.objects.filter(status="finished", class_history__class_code="EMER").exists()
    assert Encounter.objects.filter(status="planned", date__gt=MORNING).count() > 10
    assert Patient.objects.filter(identity_unverified=True, birth_date_estimated=True).exists()
    the_past_reads_as_if_it_had_happened()
    today_goes_on()


def the_past_reads_as_if_it_had_happened() -> None:
    """Rows, histories and the audit trail are dated when it happened, never after now."""
    old = Encounter.objects.filter(status="finished").earliest("date")
    assert old.start is not None
    assert old.end is not None
    assert old.date < MORNING - dt.timedelta(days=600)
    assert old.created <= old.start
    assert old.updated == old.end
    assert old.history.latest().history_date == old.end
    assert old.history.latest().history_user is not None
    assert AuditEvent.objects.filter(encounter_id=old.pk).latest("id").at == old.end
    assert not Encounter.objects.filter(start__gt=MORNING).exists()
    assert not AuditEvent.objects.filter(at__gt=MORNING).exists()
    assert not Observation.objects.filter(effective__gt=MORNING).exists()
    for row in (Encounter, Note, Observation, Patient, Diagnosis):
        assert not row._default_manager.filter(created__gt=MORNING).exists()
    told = Observation.objects.filter(patient__family__startswith="Castellanos")
    upper = told.filter(code_code="85354-9").order_by("effective")
    falling = [float(row.components.get(code_code="8480-6").value) for row in upper]
    assert falling == sorted(falling, reverse=True)
    assert len(falling) >= 5


def today_goes_on() -> None:
    """A second start changes nothing; one a day later closes and fills the board again."""
    assert columns(MORNING) == WANTED
    counts = Encounter.objects.count(), AuditEvent.objects.count(), Note.objects.count()
    with at(MORNING):
        assert seed()["new on today's board"] == 0
    assert counts == (
        Encounter.objects.count(),
        AuditEvent.objects.count(),
        Note.objects.count(),
    )
    tomorrow = MORNING + dt.timedelta(days=1, hours=2)
    with at(tomorrow):
        again = seed()
    assert again["closed just now"] >= 10
    assert again["new on today's board"] >= 10
    full = columns(tomorrow)
    assert all(full[status] >= count for status, count in WANTED.items()), full
    left = Encounter.objects.filter(status__in=OPEN, date__lt=clock.day_start(tomorrow.date()))
    kept = {"Sithole", "Whitaker"}
    assert {visit.patient.family for visit in left if visit.class_code != "IMP"} == kept


def test_board_page_fills_all_five_columns(client: Client, settings: Any, few_people: None) -> None:
    settings.CLINIK_DEMO = True
    seed()
    client.force_login(User.objects.get(username="doctor"))
    page = client.get("/")
    assert page.status_code == 200
    assert {column.status: column.count for column in page.context["board"].columns} == WANTED
    words = page.content.decode()
    assert "name alert" in words
    assert "note not signed" in words
    assert "SpO2 90" in words


@pytest.mark.parametrize(
    "now",
    [
        dt.datetime(2026, 3, 11, 0, 0, 20, tzinfo=dt.UTC),
        dt.datetime(2026, 3, 11, 0, 31, tzinfo=dt.UTC),
        dt.datetime(2026, 3, 11, 23, 58, tzinfo=dt.UTC),
    ],
    ids=["00:00:20", "00:31", "23:58"],
)
def test_the_board_near_midnight_stays_within_its_day(now: dt.datetime, few_people: None) -> None:
    with at(now):
        seed()
    assert columns(now) == WANTED
    begin, after = clock.day_bounds(now.date())
    visits = Encounter.objects.filter(class_code__in=["AMB", "EMER", "VR", "HH"])
    assert all(begin <= visit.date < after for visit in visits)
    begun = StatusPeriod.objects.exclude(status="planned").exclude(encounter__class_code="IMP")
    assert begun.exists()
    assert all(period.start and begin <= period.start <= now for period in begun)


def test_a_start_in_the_afternoon_closes_what_the_morning_left(few_people: None) -> None:
    later = MORNING + dt.timedelta(hours=6)
    with at(MORNING):
        seed()
    waiting = Encounter.objects.filter(status__in=["arrived", "triaged"])
    early = {visit.pk for visit in waiting}
    with at(later):
        seed()
    counts = columns(later)
    assert all(counts[status] >= count for status, count in WANTED.items()), counts
    assert not early & {visit.pk for visit in waiting.all()}
    assert Encounter.objects.filter(status="cancelled", cancel_reason="did-not-attend").exists()


def test_visits_that_people_opened_are_left_alone(few_people: None) -> None:
    from encounters.lifecycle import open_encounter

    with at(MORNING):
        seed()
        staff = hire()
        free = Patient.objects.exclude(encounters__status__in=OPEN).first()
        assert free is not None
        own = open_encounter(patient=free, by=staff.users["frontdesk"])
    later = MORNING + dt.timedelta(days=1)
    with at(later):
        close_stale(staff, later)
        top_up(staff, later)
    own.refresh_from_db()
    assert own.status == "arrived"
    assert own.version == 1
