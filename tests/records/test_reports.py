"""Reports and panels: which results stand together, under which name, and what is said of them."""

import datetime as dt
import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from clinik import clock
from clinik.roles import ADMINISTRATOR, CLINICIAN, FRONT_DESK
from encounters.models import Encounter
from records.errors import enter_record_in_error
from records.models import Observation, ObservationMember, Report, ReportResult
from records.observations_section import ObservationsSection
from tests.factories import (
    EncounterFactory,
    NoteFactory,
    ObservationFactory,
    PractitionerFactory,
    ReportFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def doctor() -> Any:
    return UserFactory(role=CLINICIAN)


@pytest.fixture
def visit() -> Encounter:
    return EncounterFactory()


def result(visit: Encounter, name: str, *, hours: int = 0, **fields: Any) -> Observation:
    when = clock.now() - dt.timedelta(hours=hours)
    given = {"code_code": "2093-3", "code_display": name, "effective": when, "source": "lab"}
    return ObservationFactory(encounter=visit, **given | fields)


def report(visit: Encounter, name: str, *results: Any, hours: int = 0, **fields: Any) -> Report:
    when = clock.now() - dt.timedelta(hours=hours)
    made = ReportFactory(encounter=visit, code_text=name, effective=when, **fields)
    for position, row in enumerate(results):
        ReportResult.objects.create(report=made, observation=row, position=position)
    return made


def section(visit: Encounter, user: Any) -> ObservationsSection:
    return ObservationsSection.load(visit, user)


def shape(visit: Encounter, user: Any) -> list[tuple[str, list[str]]]:
    """What stands together: (name of the report, names of its rows)."""
    return [
        (str(one.report.record) if one.report else "", [str(row.record) for row in one.rows])
        for one in section(visit, user).groups
    ]


def words(client: Client, address: str) -> str:
    html = client.get(address).content.decode()
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


def test_results_stand_under_their_report_in_the_order_sent(visit: Encounter, doctor: Any) -> None:
    first, second = result(visit, "LDL", hours=1), result(visit, "HDL", hours=2)
    result(visit, "Newest")
    result(visit, "Oldest", hours=9)
    report(visit, "Lipid panel", second, first, hours=1)
    report(visit, "Culture", hours=5)
    assert shape(visit, doctor) == [
        ("", ["Newest"]),
        ("Lipid panel", ["HDL", "LDL"]),
        ("Culture", []),
        ("", ["Oldest"]),
    ]
    assert [str(row.record) for row in section(visit, doctor).rows] == [
        "Newest",
        "HDL",
        "LDL",
        "Oldest",
    ]


def test_a_result_stands_once_and_what_stands_elsewhere_is_counted(
    visit: Encounter, doctor: Any
) -> None:
    mine, twice = result(visit, "LDL"), result(visit, "HDL")
    pulse = ObservationFactory(encounter=visit, code_code="8867-4")
    report(visit, "New", mine, twice)
    report(visit, "Old", twice, pulse, result(EncounterFactory(), "Other"), None, hours=1)
    new, old = section(visit, doctor).groups
    assert ([str(row.record) for row in new.rows], new.left_out) == (["LDL", "HDL"], "")
    assert (old.rows, old.elsewhere, old.missing) == ((), 3, 1)
    assert old.left_out == "3 more results, shown elsewhere, 1 result has not been sent"


def test_the_pages_say_name_status_conclusion_and_lead_to_the_text(
    client: Client, visit: Encounter, doctor: Any
) -> None:
    client.force_login(doctor)
    note = NoteFactory(encounter=visit, signed=True, content="All normal.")
    report(
        visit,
        "Lipid <b>panel</b>",
        result(visit, "LDL", value="101"),
        conclusion="Within the <i>range</i>.",
        note=note,
        status="preliminary",
    )
    address = reverse("records:encounter_detail", args=[visit.pk])
    html = client.get(address).content.decode()
    assert "Lipid &lt;b&gt;panel&lt;/b&gt;" in html
    assert "Within the &lt;i&gt;range&lt;/i&gt;." in html
    assert f"{address}?all=note#note-{note.pk}" in html
    assert f'id="note-{note.pk}"' in html
    for page in (address, reverse("records:encounter_print", args=[visit.pk])):
        shown = words(client, page)
        assert "· preliminary ·" in shown
        assert shown.count("LDL 101") == 1
    client.force_login(UserFactory(role=FRONT_DESK))
    for page in (address, reverse("records:encounter_print", args=[visit.pk])):
        assert "Lipid" not in words(client, page)


def test_a_report_without_results_is_shown_on_both_pages(
    client: Client, visit: Encounter, doctor: Any
) -> None:
    client.force_login(doctor)
    report(visit, "Chest x-ray")
    for name in ("encounter_detail", "encounter_print"):
        shown = words(client, reverse(f"records:{name}", args=[visit.pk]))
        assert "Chest x-ray" in shown
        assert "no results came with it" in shown


def test_a_report_in_error_lets_its_results_stand(client: Client, visit: Encounter) -> None:
    admin = UserFactory(role=ADMINISTRATOR)
    made = report(visit, "Lipid panel", result(visit, "LDL"))
    address = reverse("records:record_error", args=["report", made.pk])
    client.force_login(admin)
    page = reverse("records:encounter_detail", args=[visit.pk])
    assert address in client.get(page).content.decode()
    enter_record_in_error(made, by=admin, reason="Of another sample")
    assert shape(visit, admin) == [("", ["LDL"])]
    assert [str(row.record) for row in section(visit, admin).wrong] == ["Lipid panel"]
    shown = words(client, page)
    assert "Why: Of another sample" in shown
    assert "Lipid panel entered in error" in shown


def test_who_may_not_enter_it_in_error_is_offered_no_link(
    client: Client, visit: Encounter, doctor: Any
) -> None:
    made = report(visit, "Lipid panel", author=doctor.practitioner)
    client.force_login(doctor)
    html = client.get(reverse("records:encounter_detail", args=[visit.pk])).content.decode()
    assert reverse("records:record_error", args=["report", made.pk]) not in html


def test_a_result_in_error_leaves_its_report(visit: Encounter, doctor: Any) -> None:
    wrong = result(visit, "LDL", status="entered-in-error")
    report(visit, "Lipid panel", result(visit, "HDL"), wrong)
    (made,) = section(visit, doctor).groups
    assert [str(row.record) for row in made.rows] == ["HDL"]
    assert made.elsewhere == 1


def test_panels_name_their_members_and_members_their_panel(visit: Encounter, doctor: Any) -> None:
    panel = result(visit, "Gas panel", value="", value_number=None)
    member, away = result(visit, "pH"), result(EncounterFactory(), "Lactate")
    wrong = result(visit, "Bicarbonate", status="entered-in-error")
    for position, row in enumerate((member, away, wrong, None)):
        ObservationMember.objects.create(panel=panel, observation=row, position=position)
    rows = {str(row.record): row for row in section(visit, doctor).rows}
    assert rows["Gas panel"].members == ("pH", "Lactate", "not sent")
    assert rows["pH"].part_of == ("Gas panel",)


def test_a_member_of_a_visit_about_somebody_else_is_not_named(
    visit: Encounter, doctor: Any
) -> None:
    other = EncounterFactory(
        patient=visit.patient, status="entered-in-error", error_about="somebody-else"
    )
    panel = result(visit, "Gas panel")
    ObservationMember.objects.create(panel=panel, observation=result(other, "zebra"))
    (row,) = section(visit, doctor).rows
    assert row.members == ()


def test_a_long_section_shows_its_first_lines_and_says_how_many_are_left(
    visit: Encounter, doctor: Any
) -> None:
    many = [result(visit, f"R{number}") for number in range(15)]
    report(visit, "First", *many)
    report(visit, "Second", *[result(visit, f"S{n}", hours=2) for n in range(15)], hours=2)
    report(visit, "Third", hours=3)
    shown = section(visit, doctor)
    assert [(len(one.rows)) for one in shown.shown_groups] == [15, 5]
    assert shown.hidden == 11


def test_the_timeline_names_a_report(client: Client, visit: Encounter) -> None:
    admin = UserFactory(role=ADMINISTRATOR)
    made = report(visit, "Lipid panel", author=PractitionerFactory())
    enter_record_in_error(made, by=admin, reason="Wrong")
    client.force_login(admin)
    shown = words(client, reverse("records:encounter_detail", args=[visit.pk]))
    assert "Lipid panel entered in error" in shown.partition("Timeline")[2]
