"""A clinic's day, driven in a real browser from the front desk to the administrator."""

import datetime as dt
import re
import uuid
from collections.abc import Callable

import pytest
from django.db import connection, transaction
from playwright.sync_api import Page, expect

from clinik import clock
from clinik.mrn import check_digit
from encounters.models import Encounter, Patient
from records.models import Assessment, Note, Observation, Prescription
from tests.factories import PatientFactory

PATIENTS = 100_000


@pytest.fixture
def crowd(transactional_db: None) -> None:
    """A hundred thousand people, none of whom is called Quartey; in SQL, to be quick."""
    syllables = ["ba", "ko", "li", "mu", "ne", "ro", "sa", "ti", "va", "wen"]
    fields = Patient._meta.concrete_fields
    anybody = Patient(mrn="", family="")
    row = {field: field.get_db_prep_save(field.pre_save(anybody, True), connection)
           for field in fields}  # fmt: skip
    by_name = {field.name: field for field in fields}
    people = []
    for n in range(PATIENTS):
        digits = f"{n:07d}"
        family = "".join(syllables[int(d)] for d in digits[2:])
        given = "".join(syllables[int(d)] for d in digits[5:])
        row[by_name["id"]] = by_name["id"].get_db_prep_save(uuid.UUID(int=n), connection)
        row[by_name["mrn"]] = digits + check_digit(digits)
        row[by_name["family"]] = family.title()
        row[by_name["given"]] = given.title()
        row[by_name["search_name"]] = f"{family} {given}"
        row[by_name["birth_date"]] = str(dt.date(1940, 1, 1) + dt.timedelta(days=n % 28_000))
        people.append(tuple(row.values()))
    columns = ", ".join(connection.ops.quote_name(str(field.column)) for field in fields)
    places = ", ".join(["%s"] * len(fields))
    table = connection.ops.quote_name(Patient._meta.db_table)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.executemany(f"INSERT INTO {table} ({columns}) VALUES ({places})", people)


class Keys:
    """A keyboard that counts: every press, and text letter by letter."""

    def __init__(self, page: Page) -> None:
        self.page, self.pressed = page, 0

    def press(self, key: str) -> None:
        self.pressed += 1
        self.page.keyboard.press(key)


def add(page: Page, section: str) -> None:
    """Open a section's form in place by its "+ Add" link, or that of all vital signs."""
    word = "All fields" if section == "vitals" else "Add"
    page.locator(f"#section-{section}").get_by_role("link", name=re.compile(word)).first.click()


def test_a_visit_from_the_door_to_the_search(crowd: None, staff: Callable[..., Page]) -> None:
    patient = PatientFactory(family="Quartey", given="Esi")

    # The front desk: three letters, and four keys besides them.
    desk = staff("Front desk")
    keys = Keys(desk)
    keys.press("/")
    desk.keyboard.type("qua")
    expect(desk.get_by_role("option").filter(has_text="QUARTEY, Esi")).to_be_visible()
    keys.press("Enter")
    desk.wait_for_url(f"**/patients/{patient.pk}/")
    keys.press("n")
    desk.wait_for_url("**/visits/new/")
    expect(desk.get_by_role("button", name="Open visit")).to_be_focused()
    keys.press("Enter")
    desk.wait_for_url(re.compile(r"/visits/[0-9a-f-]{36}/"))
    assert keys.pressed <= 4
    visit = Encounter.objects.get(patient=patient)
    assert (visit.status, visit.class_code) == ("arrived", "AMB")
    assert visit.start is not None
    assert abs(visit.start - clock.now()) < dt.timedelta(minutes=2)
    expect(desk.locator("body")).not_to_contain_text("Blood pressure")

    # The nurse triages from the board and takes the vital signs.
    nurse = staff("Nurse")
    card = nurse.locator(f"#visit-{visit.pk}")
    card.get_by_role("button", name="Triage").click()
    expect(nurse.get_by_role("button", name="Undo")).to_be_visible()
    nurse.goto(f"/visits/{visit.pk}/")
    add(nurse, "vitals")
    for label, value in {
        "Systolic": "142",
        "Diastolic": "91",
        "Pulse": "72",
        "Temperature": "36.8",
        "SpO": "98",
        "Respiration": "16",
    }.items():
        nurse.get_by_label(re.compile(label)).first.fill(value)
    nurse.get_by_role("button", name="Save vitals").click()
    expect(nurse.locator("#section-vitals")).to_contain_text("142/91")
    expect(nurse.locator("#section-vitals")).to_contain_text("▲ H")

    # The clinician starts, writes, signs and closes.
    doctor = staff("Clinician")
    doctor.goto(f"/visits/{visit.pk}/")
    doctor.get_by_role("button", name="Start").click()
    expect(doctor.locator("main .page-head")).to_contain_text("in progress")
    for text, use in (("Essential hypertension", "AD"), ("Type 2 diabetes mellitus", "DD")):
        add(doctor, "diagnoses")
        doctor.get_by_label("Condition").fill(text)
        doctor.locator("[name=use]").select_option(use)
        doctor.locator("[name=rank]").fill("1")
        doctor.get_by_role("button", name="Add diagnosis").click()
        expect(doctor.locator("#section-diagnoses")).to_contain_text(text)
    add(doctor, "notes")
    doctor.locator("[name=content]").fill("Feels well. Blood pressure above the target.")
    doctor.get_by_role("button", name="Save and sign").click()
    doctor.get_by_role("button", name="Sign", exact=True).click()
    expect(doctor.locator("#section-notes")).to_contain_text(re.compile(r"· signed \d"))
    add(doctor, "prescriptions")
    doctor.get_by_label("Medication").fill("Amlodipine 5 mg")
    doctor.get_by_label("Dosage").fill("1 tablet in the morning")
    doctor.get_by_label("Why despite the warning").fill("Asked just now: none")
    doctor.get_by_role("button", name="Prescribe").click()
    expect(doctor.locator("#section-prescriptions")).to_contain_text("Amlodipine 5 mg")
    add(doctor, "assessments")
    doctor.get_by_label("Summary").fill("Stage 1 range on one reading.")
    doctor.get_by_role("button", name="Save assessment").click()
    expect(doctor.locator("#section-assessments")).to_contain_text("Stage 1 range")
    doctor.get_by_role("link", name="Close visit").click()
    doctor.get_by_role("button", name="Close visit").click()
    expect(doctor.locator("main .page-head")).to_contain_text("finished")

    # Found again by patient, status and date.
    today = clock.today().isoformat()
    doctor.goto(f"/visits/?patient=quartey&status=finished&from={today}&to={today}")
    expect(doctor.locator("tbody tr")).to_have_count(1)
    expect(doctor.locator("tbody tr")).to_contain_text("QUARTEY, Esi")

    # Entered in error, and restored: nothing of it is lost.
    doctor.goto(f"/visits/{visit.pk}/error/")
    doctor.get_by_label(re.compile("opened twice", re.I)).check()
    doctor.get_by_label(re.compile("Why|Reason")).first.fill("Opened twice at the door.")
    doctor.locator("main form button.btn-primary, main form button.btn-danger").first.click()
    expect(doctor.locator("body")).to_contain_text("Entered in error")
    assert records_of(visit) == [True] * 4
    administrator = staff("Administrator")
    administrator.goto(f"/visits/{visit.pk}/restore/")
    administrator.locator("main form button.btn-primary").click()
    expect(administrator.locator("main .page-head")).to_contain_text("finished")
    assert records_of(visit) == [True] * 4


def records_of(visit: Encounter) -> list[bool]:
    """Whether an observation, note, prescription and assessment still name the visit."""
    return [
        model.objects.filter(encounter=visit).exists()
        for model in (Observation, Note, Prescription, Assessment)
    ]
