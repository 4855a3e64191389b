"""To do: what waits for one person, of whatever day, and nothing of anybody else's."""

import datetime as dt
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from clinik import clock
from clinik.roles import ADMINISTRATOR, AUDITOR, CLINICIAN, FRONT_DESK, NURSE
from encounters import lifecycle
from encounters.models import Encounter, Practitioner
from records import notes
from records.errors import enter_record_in_error
from records.observations import acknowledge
from records.prescriptions import add_prescription
from records.todo import SHOWN, Todo, load_todo
from tests.factories import (
    EncounterFactory,
    NoteFactory,
    ObservationFactory,
    PractitionerFactory,
    PrescriptionFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db

LONG_AGO = clock.now() - dt.timedelta(days=400)


@pytest.fixture
def doctor() -> Any:
    return UserFactory(role=CLINICIAN)


def me(user: Any) -> Practitioner:
    return Practitioner.objects.get(user=user)


def groups(todo: Todo) -> dict[str, list[str]]:
    return {group.key: [item.what for item in group.items] for group in todo.groups}


def of(visit: Encounter, **fields: Any) -> dict[str, Any]:
    return {"encounter": visit, "patient": visit.patient, **fields}


def lab(visit: Encounter, **fields: Any) -> Any:
    return ObservationFactory(
        **of(visit, code_code="2823-3", code_display="Potassium", category="laboratory", **fields)
    )


def test_an_unsigned_note_of_any_day_waits_for_its_author_only(doctor: Any) -> None:
    visit = EncounterFactory(start=LONG_AGO, status="finished", practitioner=None)
    NoteFactory(**of(visit, author=me(doctor), title="Mine", effective=LONG_AGO))
    NoteFactory(**of(visit, author=PractitionerFactory(), title="Theirs"))
    NoteFactory(**of(visit, author=me(doctor), title="Signed", signed=True))
    NoteFactory(**of(visit, author=me(doctor), title="Imported", source="lab"))
    assert groups(load_todo(doctor)) == {"unsigned": ["Mine (progress note)"]}


def test_a_note_leaves_when_it_is_signed(doctor: Any) -> None:
    visit = EncounterFactory()
    note = notes.add_note(visit, by=doctor, content="Seen.")
    assert load_todo(doctor).total == "1"
    notes.sign_note(note, by=doctor)
    assert load_todo(doctor).groups == ()


def test_a_signature_that_was_asked_for_waits_until_it_is_given(doctor: Any) -> None:
    author = UserFactory(role=CLINICIAN)
    note = notes.add_note(EncounterFactory(), by=author, content="Seen.", title="Round")
    notes.sign_note(note, by=author)
    note.refresh_from_db()
    note.cosigner = me(doctor)
    note.save()
    (words,) = groups(load_todo(doctor))["cosign"]
    assert words.startswith("Round (progress note) by ")
    assert "cosign" not in groups(load_todo(author))


def test_a_draft_order_waits_for_the_prescriber_it_names(doctor: Any) -> None:
    nurse = UserFactory(role=NURSE)
    row = add_prescription(
        EncounterFactory(), by=nurse, prescriber=me(doctor), medication_text="Amlodipine 5 mg"
    )
    assert groups(load_todo(doctor)) == {"orders": ["Amlodipine 5 mg"]}
    assert load_todo(nurse).groups == ()
    enter_record_in_error(row, by=nurse, reason="Wrong drug")
    assert load_todo(doctor).groups == ()


def test_results_of_my_visits_and_of_nobodys_wait_critical_ones_first(doctor: Any) -> None:
    mine = EncounterFactory(practitioner=me(doctor), status="finished", start=LONG_AGO)
    lab(mine, value="4.1", value_unit="mmol/L", effective=LONG_AGO)
    lab(EncounterFactory(practitioner=None), value="6.9", interpretation="HH")
    lab(EncounterFactory(practitioner=PractitionerFactory()), value="5.5")
    lab(mine, value="5.1", source="import")
    lab(mine, value="5.2", author=me(doctor))
    lab(mine, value="5.3", status="entered-in-error")
    todo = load_todo(doctor)
    assert groups(todo) == {"results": ["Potassium 6.9 /min HH", "Potassium 4.1 mmol/L"]}
    assert todo.critical
    assert todo.total == "2"


def test_a_critical_vital_sign_waits_until_it_is_acknowledged(doctor: Any) -> None:
    visit = EncounterFactory(practitioner=me(doctor))
    sign = ObservationFactory(**of(visit, value="190"))
    ObservationFactory(**of(EncounterFactory(practitioner=me(doctor)), value="72"))
    (group,) = load_todo(doctor).groups
    assert [(item.what, item.critical) for item in group.items] == [("Heart rate 190 /min", True)]
    assert group.items[0].href == reverse("records:observation_seen", args=[sign.pk])
    acknowledge(sign, by=doctor, action="Called")
    assert load_todo(doctor).groups == ()


def test_visits_left_open_wait_for_who_is_responsible_and_for_the_desk(doctor: Any) -> None:
    old = {"status": "in-progress", "start": LONG_AGO}
    EncounterFactory(practitioner=me(doctor), type_text="Mine", **old)
    EncounterFactory(practitioner=PractitionerFactory(), type_text="Theirs", **old)
    EncounterFactory(practitioner=None, type_text="Nobody's", **old)
    EncounterFactory(practitioner=me(doctor), type_text="Today's")
    found = groups(load_todo(doctor))["earlier"]
    assert found == ["Mine: in progress", "Nobody's: in progress"]
    for role in (FRONT_DESK, ADMINISTRATOR):
        assert len(groups(load_todo(UserFactory(role=role)))["earlier"]) == 3


def test_the_front_desk_is_shown_its_own_kind_only(doctor: Any) -> None:
    visit = EncounterFactory(practitioner=None, start=LONG_AGO)
    lab(visit, interpretation="HH", value="zebravalue")
    NoteFactory(**of(visit, author=me(doctor), title="zebranote"))
    client = Client()
    client.force_login(UserFactory(role=FRONT_DESK))
    html = client.get(reverse("records:todo_list")).content.decode()
    assert "zebra" not in html
    assert "Visits still open from earlier days" in html


def test_nothing_of_a_visit_about_somebody_else_waits(doctor: Any) -> None:
    visit = EncounterFactory(practitioner=me(doctor), start=LONG_AGO)
    lab(visit, interpretation="HH")
    ObservationFactory(**of(visit, value="190"))
    NoteFactory(**of(visit, author=me(doctor)))
    assert set(groups(load_todo(doctor))) == {"results", "unsigned", "earlier"}
    lifecycle.enter_in_error(visit, by=doctor, about="somebody-else", reason="Wrong person")
    assert load_todo(doctor).groups == ()


def test_every_line_leads_to_where_it_is_done(doctor: Any) -> None:
    visit = EncounterFactory(practitioner=me(doctor), start=LONG_AGO)
    lab(visit)
    NoteFactory(**of(visit, author=me(doctor)))
    NoteFactory(**of(visit, signed=True, cosigner=me(doctor)))
    PrescriptionFactory(**of(visit, author=me(doctor)))
    client = Client()
    client.force_login(doctor)
    todo = load_todo(doctor)
    assert len(todo.groups) == 5
    html = client.get(reverse("records:todo_list")).content.decode()
    for group in todo.groups:
        for item in group.items:
            assert f'href="{item.href}"' in html
            assert client.get(item.href).status_code == 200


def test_an_empty_list_says_so(doctor: Any) -> None:
    client = Client()
    client.force_login(doctor)
    assert "Nothing waits for you" in client.get(reverse("records:todo_list")).content.decode()


def test_the_count_is_kept_by_the_browser_for_a_minute_and_no_page_holds_it(doctor: Any) -> None:
    NoteFactory(**of(EncounterFactory(), author=me(doctor)))
    client = Client()
    client.force_login(doctor)
    answer = client.get(reverse("records:todo_count"))
    assert ">1<" in answer.content.decode()
    assert answer["Cache-Control"] == "private, max-age=60"
    page = client.get(reverse("records:todo_list")).content.decode()
    assert "count-badge" not in page
    assert f"{reverse('records:todo_count')}?of={doctor.pk}" in page


def test_an_auditor_is_not_led_there() -> None:
    client = Client()
    client.force_login(UserFactory(role=AUDITOR))
    html = client.get(reverse("encounters:patient_list")).content.decode()
    assert reverse("records:todo_list") not in html


def queries(client: Client) -> int:
    with CaptureQueriesContext(connection) as captured:
        assert client.get(reverse("records:todo_list")).status_code == 200
    return len(captured)


@pytest.mark.parametrize("role", [CLINICIAN, NURSE, FRONT_DESK])
def test_the_page_costs_the_same_with_one_and_with_many(role: str) -> None:
    user = UserFactory(role=role)
    mine = Practitioner.objects.filter(user=user).first()
    client = Client()
    client.force_login(user)

    def fill() -> None:
        visit = EncounterFactory(practitioner=mine, start=LONG_AGO)
        lab(visit)
        ObservationFactory(**of(visit, value="190"))
        NoteFactory(**of(visit, author=mine))
        NoteFactory(**of(visit, signed=True, cosigner=mine))
        PrescriptionFactory(**of(visit, author=mine))

    fill()
    queries(client)
    one = queries(client)
    for _more in range(SHOWN + 1):
        fill()
    assert queries(client) == one
    # Session, user, two of permissions; then the practitioner, results with components, open
    # visits, their signs with components, orders, notes, co-signatures, visits of earlier days.
    # The trail: the login's roles, and that the list was opened.
    assert one <= 16
