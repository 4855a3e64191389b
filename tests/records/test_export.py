"""What an export holds, and under which names; the round trip has a file of its own."""

import datetime as dt
import io
import json
import threading
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from clinik import clock
from clinik.models import AuditEvent, ImportedResource
from clinik.roles import CLINICIAN, FRONT_DESK, NURSE
from encounters.models import Diagnosis, Encounter, Patient
from records.exporting import Everything, Export, OfEncounter, OfPatient
from records.exporting.kinds import TABLES
from records.exporting.rows import fetch, key
from records.models import Observation
from tests import bundles, factories
from tests.bundles import about, take_in, write
from tests.exports import exported, resources, the

pytestmark = pytest.mark.django_db


def ids(text: str) -> set[str]:
    return set(resources(text))


def test_an_export_of_a_patient_holds_theirs_and_whom_they_name() -> None:
    visit, other = factories.EncounterFactory(), factories.EncounterFactory()
    doctor = factories.PractitionerFactory()
    found = factories.ObservationFactory(encounter=visit, author=doctor)
    factories.ObservationFactory(encounter=other, author=factories.PractitionerFactory())
    assert ids(exported(OfPatient(visit.patient))) == {
        f"Patient/{visit.patient_id}",
        f"Encounter/{visit.pk}",
        f"Observation/{found.pk}",
        f"Practitioner/{doctor.pk}",
    }


def test_an_export_of_a_visit_holds_what_was_recorded_in_it() -> None:
    visit = factories.EncounterFactory()
    found = factories.ObservationFactory(encounter=visit)
    factories.ObservationFactory(encounter=factories.EncounterFactory(patient=visit.patient))
    factories.AllergyFactory(patient=visit.patient)
    assert ids(exported(OfEncounter(visit))) == {
        f"Patient/{visit.patient_id}",
        f"Encounter/{visit.pk}",
        f"Observation/{found.pk}",
    }


def test_a_merge_is_told_with_both_entries() -> None:
    survivor, old = factories.PatientFactory(), factories.PatientFactory()
    Patient.objects.filter(pk=old.pk).update(merged_into=survivor)
    visit = factories.EncounterFactory(patient=old)
    for asked in (survivor, Patient.objects.get(pk=old.pk)):
        told = resources(exported(OfPatient(asked)))
        assert f"Encounter/{visit.pk}" in told
        assert told[f"Patient/{survivor.pk}"]["link"] == [
            {"other": {"reference": f"Patient/{old.pk}"}, "type": "replaces"}
        ]
        assert told[f"Patient/{old.pk}"]["link"] == [
            {"other": {"reference": f"Patient/{survivor.pk}"}, "type": "replaced-by"}
        ]


def test_what_is_in_error_is_told_so_but_nothing_about_somebody_else() -> None:
    visit = factories.EncounterFactory()
    twice = factories.EncounterFactory(patient=visit.patient, status="entered-in-error")
    wrong = factories.EncounterFactory(
        patient=visit.patient, status="entered-in-error", error_about="somebody-else"
    )
    mistake = factories.ObservationFactory(encounter=visit, status="entered-in-error")
    kept = factories.ObservationFactory(encounter=twice)
    condition = factories.DiagnosisFactory(encounter=wrong)
    Diagnosis.objects.create(
        patient=visit.patient,
        condition_text="x",
        category="problem-list-item",
        promoted_from=condition,
    )
    factories.ObservationFactory(encounter=wrong)
    factories.AllergyFactory(patient=visit.patient, encounter=wrong)
    for text in (exported(), exported(OfPatient(visit.patient))):
        told = resources(text)
        assert set(told) == {
            f"Patient/{visit.patient_id}",
            f"Encounter/{visit.pk}",
            f"Encounter/{twice.pk}",
            f"Observation/{mistake.pk}",
            f"Observation/{kept.pk}",
        }
        assert told[f"Encounter/{twice.pk}"]["status"] == "entered-in-error"
        assert told[f"Observation/{mistake.pk}"]["status"] == "entered-in-error"


def test_a_resource_keeps_its_id_and_what_was_sent(tmp_path: Path) -> None:
    names = [
        {"use": "maiden", "family": "Bauer"},
        {"use": "official", "family": "Ordóñez", "given": ["Bernardo"]},
    ]
    patient = about(
        bundles.PATIENT, name=names, meta={"tag": [{"code": "t"}]}, photo=[{"url": "u"}]
    )
    take_in(write(tmp_path, "a", patient, bundles.CLINIC, bundles.DOCTOR, bundles.VISIT))
    told = resources(exported())
    sent = told["Patient/p"]
    assert sent["name"] == names
    assert (sent["meta"], sent["photo"]) == (patient["meta"], patient["photo"])
    assert sent["identifier"] == [{"system": "urn:clinik:mrn", "value": Patient.objects.get().mrn}]
    assert "gender" not in sent, "nobody sent one"
    visit = told["Encounter/e"]
    assert visit["participant"][0]["individual"]["reference"] == "Practitioner/d"
    assert "length" not in visit, "it was worked out here"


def test_what_staff_changed_goes_out_and_what_they_left_stays(tmp_path: Path) -> None:
    """Of elements that columns hold in part: the sent one, unless the columns say otherwise now."""
    names = [{"use": "maiden", "family": "Bauer"}, {"use": "official", "family": "Ordóñez"}]
    numbers = [
        {"system": "phone", "value": "1", "use": "home"},
        {"system": "phone", "value": "2", "use": "mobile"},
    ]
    take_in(write(tmp_path, "a", about(bundles.PATIENT, name=names, telecom=numbers)))
    patient = Patient.objects.get()
    patient.phone = "3"
    patient.save()
    told = the("Patient", exported())
    assert told["name"] == names
    assert told["telecom"] == [{"system": "phone", "value": "3"}]
    patient.phone, patient.family = "", "Other"
    patient.save()
    told = the("Patient", exported())
    assert told["name"] == [{"use": "official", "family": "Other"}]
    assert "telecom" not in told, "what staff removed does not come back"


def test_two_sources_with_one_id_go_out_under_two(tmp_path: Path) -> None:
    one = write(tmp_path, "a", bundles.PATIENT, bundles.CONDITION | {"encounter": None})
    other = about(bundles.PATIENT, name=[{"family": "Second"}])
    two = write(tmp_path, "b", other, bundles.CONDITION | {"id": "c2", "encounter": None})
    take_in(one, source="first")
    take_in(two, source="second")
    told = resources(exported())
    second = Patient.objects.get(family="Second")
    assert told["Patient/p"]["name"][0]["family"] == "Ordóñez"
    assert told["Condition/c"]["subject"]["reference"] == "Patient/p"
    assert told["Condition/c2"]["subject"]["reference"] == f"Patient/{second.pk}"
    people = [key for key in told if key.startswith("Patient/")]
    assert people == sorted(people)


def test_a_reference_in_what_was_sent_follows_its_target(tmp_path: Path) -> None:
    """In elements kept as they were sent: a urn:uuid, while its target goes out too."""
    goal = "11111111-2222-3333-4444-555555555555"
    doctor = about(bundles.DOCTOR, id=goal)
    author = {"valueReference": {"reference": f"urn:uuid:{goal}"}, "url": "urn:x"}
    gone = {"valueReference": {"reference": "urn:uuid:nowhere"}, "url": "urn:y"}
    patient = about(bundles.PATIENT, extension=[author, gone])
    take_in(write(tmp_path, "a", doctor, patient))
    told = the("Patient", exported())
    assert [one["valueReference"]["reference"] for one in told["extension"]] == [
        f"Practitioner/{goal}",
        "urn:uuid:nowhere",
    ]


def test_a_reference_by_identifier_goes_out_as_what_it_means(tmp_path: Path) -> None:
    """So an export of one patient holds it; where nobody or several have it, it stays as sent."""
    number = {"system": "urn:o", "value": "7"}
    names = ("Organization?identifier=urn:o|7", "Organization?identifier=urn:o|8")
    managing = {"managingOrganization": {"reference": names[0]}}
    patient = about(
        bundles.PATIENT,
        **managing,
        extension=[{"url": "x", "valueReference": {"reference": names[1]}}],
    )
    take_in(write(tmp_path, "a", about(bundles.CLINIC, identifier=[number]), patient))
    text = exported(OfPatient(Patient.objects.get()))
    told = resources(text)["Patient/p"]
    assert set(resources(text)) == {"Patient/p", "Organization/o"}
    assert told["managingOrganization"]["reference"] == "Organization/o"
    assert told["extension"][0]["valueReference"]["reference"] == names[1]


def test_a_resource_that_became_no_row_goes_out_as_it_came() -> None:
    patient = factories.PatientFactory()
    raw = {
        "resourceType": "Procedure",
        "id": "1",
        "subject": {"reference": "Patient/x"},
        "length": {"$decimal": "1.10"},
        "performer": [{"actor": {"reference": "Organization/o"}}],
    }
    keys = {"source": "s", "digest": ""}
    ImportedResource.objects.create(
        **keys, resource_type="Procedure", resource_id="1", patient_id=patient.pk, raw=raw
    )
    for name, parent in (("o", "above"), ("above", None), ("other", None)):
        part_of = {"partOf": {"reference": f"Organization/{parent}"}} if parent else {}
        ImportedResource.objects.create(
            **keys, resource_type="Organization", resource_id=name, raw={"name": name, **part_of}
        )
    ImportedResource.objects.create(
        **keys,
        resource_type="Patient",
        resource_id="x",
        row_model="encounters.patient",
        row_id=patient.pk,
    )
    text = exported(OfPatient(patient))
    assert set(resources(text)) == {
        "Patient/x", "Procedure/1", "Organization/o", "Organization/above"
    }  # fmt: skip
    assert '"length":1.10,' in text
    assert "Organization/other" in resources(exported())


def test_a_chunk_costs_the_same_queries_with_one_row_and_with_many() -> None:
    def cost() -> int:
        with CaptureQueriesContext(connection) as found:
            exported()
        return len(found)

    def add() -> None:
        visit = factories.EncounterFactory(practitioner=factories.PractitionerFactory())
        factories.ObservationFactory(encounter=visit, author=visit.practitioner)
        factories.DiagnosisFactory(encounter=visit, use="AD")

    add()
    one = cost()
    for _again in range(5):
        add()
    assert cost() == one


def test_rows_read_past_the_orm_are_what_it_reads() -> None:
    """All but keys, which stay as the driver gives them."""
    visit = factories.EncounterFactory(
        patient__birth_time=dt.time(23, 59), patient__deceased_at=clock.now(), status="finished"
    )
    factories.ObservationFactory(
        encounter=visit, value_boolean=True, value="", code_more=[{"code": "é"}]
    )
    factories.NoteFactory(encounter=visit, signed=True)
    factories.PrescriptionFactory(encounter=visit, refills=2)
    read = 0
    for table in TABLES:
        for row in table.model._default_manager.all():
            at = table.model._default_manager.values_list(key(), flat=True).get(pk=row.pk)
            (found,) = fetch(table.model, table.columns, "id", [at])
            for name in table.columns:
                mine, theirs = getattr(found, name), getattr(row, name)
                if name != "id" and not name.endswith("_id"):
                    assert (type(mine), mine) == (type(theirs), theirs), name
            read += 1
    assert read == 7


@pytest.mark.django_db(transaction=True)
def test_the_clinic_works_on_while_an_export_is_read() -> None:
    """From one state of the database, and without holding up who writes."""
    factories.ObservationFactory()
    lines = Export(Everything()).lines()
    first = next(lines)

    def write() -> None:
        try:
            factories.ObservationFactory()
        finally:
            connection.close()

    thread = threading.Thread(target=write)
    thread.start()
    thread.join()
    told = [first, *lines]
    assert [kind for kind, _text in told] == ["Patient", "Encounter", "Observation"]
    assert Observation.objects.count() == 2, "it was written meanwhile"


# The pages


def client_of(role: str) -> Client:
    client = Client()
    client.force_login(factories.UserFactory(role=role))
    return client


def test_the_button_gives_a_bundle_and_the_trail_says_so() -> None:
    note = factories.NoteFactory(patient__family="Secret", encounter__status="in-progress")
    client = client_of(CLINICIAN)
    response: Any = client.get(reverse("records:patient_export", args=[note.patient_id]))
    assert response["Content-Type"].startswith("application/fhir+json")
    assert response["Cache-Control"] == "no-store"
    assert "secret" not in response["Content-Disposition"].lower()
    assert "attachment" in response["Content-Disposition"]
    (before,) = AuditEvent.objects.filter(act="patient.export")
    assert (before.action, before.patient_id) == ("R", note.patient_id)
    assert not AuditEvent.objects.filter(act="patient.exported").exists()

    bundle = json.loads(b"".join(response.streaming_content))
    assert (bundle["resourceType"], bundle["type"]) == ("Bundle", "collection")
    kinds = [entry["resource"]["resourceType"] for entry in bundle["entry"]]
    assert kinds == ["Practitioner", "Patient", "Encounter", "DocumentReference"]
    for entry in bundle["entry"]:
        resource = entry["resource"]
        assert entry["fullUrl"].endswith(f"/{resource['resourceType']}/{resource['id']}")
    (after,) = AuditEvent.objects.filter(act="patient.exported")
    assert after.detail["whole"] is True
    assert after.detail["DocumentReference"] == 1
    assert after.request_id == before.request_id != ""


def test_who_hangs_up_is_in_the_trail_with_what_went() -> None:
    visit = factories.EncounterFactory()
    factories.ObservationFactory.create_batch(3, encounter=visit)
    with patch("records.views.exporting._AT_ONCE", 2):
        response: Any = client_of(CLINICIAN).get(
            reverse("records:encounter_export", args=[visit.pk])
        )
        next(iter(response.streaming_content))
        response._resource_closers[0]()
    (after,) = AuditEvent.objects.filter(act="encounter.exported")
    assert after.detail["whole"] is False
    assert after.detail.get("Observation", 0) < 3


def test_buttons_stand_for_those_who_may_and_never_for_somebody_elses() -> None:
    visit = factories.EncounterFactory()
    pages = {
        reverse("records:patient_detail", args=[visit.patient_id]): "records:patient_export",
        reverse("records:encounter_detail", args=[visit.pk]): "records:encounter_export",
    }
    for role, shown in ((CLINICIAN, True), (NURSE, False), (FRONT_DESK, False)):
        for page, name in pages.items():
            pk = visit.pk if "encounter" in name else visit.patient_id
            text = client_of(role).get(page).content.decode()
            assert (f'href="{reverse(name, args=[pk])}"' in text) is shown
    Encounter.objects.filter(pk=visit.pk).update(
        status="entered-in-error", error_about="somebody-else"
    )
    client = client_of(CLINICIAN)
    url = reverse("records:encounter_export", args=[visit.pk])
    assert client.get(url).status_code == 404
    assert (
        url not in client.get(reverse("records:encounter_detail", args=[visit.pk])).content.decode()
    )


# The command


def run(*args: str) -> str:
    out = io.StringIO()
    call_command("export_fhir", *args, stdout=out, stderr=io.StringIO())
    return out.getvalue()


def test_the_command_writes_a_stream_a_folder_and_a_bundle(tmp_path: Path) -> None:
    found = factories.ObservationFactory()
    user = factories.UserFactory(username="ada")
    text = run("--user", "ada")
    assert text == exported()
    run("-o", str(tmp_path / "out"))
    files = {path.name: path.read_text() for path in (tmp_path / "out").iterdir()}
    assert set(files) == {"Patient.ndjson", "Encounter.ndjson", "Observation.ndjson"}
    assert files["Patient.ndjson"] + files["Encounter.ndjson"] + files["Observation.ndjson"] == text
    path = tmp_path / "visit.json"
    run("--encounter", str(found.encounter_id), "--format", "bundle", "-o", str(path))
    assert len(json.loads(path.read_text())["entry"]) == 3
    number = found.patient.number
    assert run("--patient", number) == text
    events = AuditEvent.objects.filter(act="patient.export_all", by=user)
    assert events.get().detail == {"format": "ndjson"}
    assert AuditEvent.objects.filter(act="patient.exported", patient_id=found.patient_id).exists()


@pytest.mark.parametrize(
    "args", [("--patient", "0"), ("--encounter", "x"), ("--user", "nobody")], ids=str
)
def test_the_command_says_what_is_not_there(args: tuple[str, str]) -> None:
    with pytest.raises(CommandError, match=args[1]):
        run(*args)


def test_a_file_is_there_when_it_is_whole(tmp_path: Path) -> None:
    factories.ObservationFactory()
    folder, path = tmp_path / "out", tmp_path / "all.json"
    path.write_text("before")
    with patch("records.exporting.stream.dump_resource", side_effect=ZeroDivisionError):
        for args in (("-o", str(folder)), ("--format", "bundle", "-o", str(path))):
            with pytest.raises(ZeroDivisionError):
                run(*args)
    assert path.read_text() == "before"
    assert list(tmp_path.iterdir()) == [path]
    folder.mkdir()
    (folder / "Patient.ndjson").write_text("of an earlier export")
    with pytest.raises(CommandError, match="not empty"):
        run("-o", str(folder))


def test_everything_of_an_empty_clinic_is_nothing() -> None:
    assert run() == ""
    assert json.loads(run("--format", "bundle")) == {"resourceType": "Bundle", "type": "collection"}
