"""import_fhir: what comes in, what a second run does, and what is refused."""

import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from clinik.models import AuditEvent, ImportedResource, ImportRun
from encounters.models import (
    Diagnosis,
    Encounter,
    EncounterParticipant,
    Patient,
    Practitioner,
    StatusPeriod,
)
from encounters.models.encounter import Status
from records.bundle import BadArgument, Importer, find_files
from records.models import Observation, ObservationComponent
from tests.bundles import (
    CLINIC,
    CONDITION,
    DOCTOR,
    NPI,
    PATIENT,
    PRESSURE,
    ROOM,
    VISIT,
    about,
    contents,
    entry,
    take_in,
    write,
)

pytestmark = pytest.mark.django_db

# -- what comes in ------------------------------------------------------------------------------


def test_bundle_becomes_rows_whatever_the_order_of_its_entries(tmp_path: Path) -> None:
    report = take_in(
        write(tmp_path, "one", PRESSURE, CONDITION, VISIT, PATIENT, ROOM, CLINIC, DOCTOR)
    )
    assert report.exit_code == 0
    visit = Encounter.objects.get()
    assert visit.patient.name == "ORDÓÑEZ, Bernardo"
    assert visit.practitioner == Practitioner.objects.get()
    assert (visit.location, visit.service_provider) == ("Room 204", "ATHOL HOSPITAL")
    assert visit.length_minutes == 45
    assert visit.source == "fhir"
    pressure = Observation.objects.get()
    assert (pressure.encounter, pressure.patient) == (visit, visit.patient)
    values = pressure.components.values_list("position", "code_text", "value")
    assert list(values) == [(0, "diastolic", "80"), (1, "systolic", "120")]
    assert Diagnosis.objects.get().encounter == visit


def test_rows_have_history_and_each_patient_one_audit_entry(tmp_path: Path) -> None:
    take_in(write(tmp_path, "one", PATIENT, DOCTOR, VISIT, PRESSURE))
    for model in (Patient, Practitioner, Encounter, Observation, ObservationComponent):
        assert model.history.count() == model.objects.count()
    event = AuditEvent.objects.get(act="patient.import")
    assert event.patient_id == Patient.objects.get().pk
    assert event.detail["created"] == 3
    assert AuditEvent.objects.filter(act="import.run").count() == 1
    run = ImportRun.objects.get()
    assert run.finished is not None
    assert run.counts["Observation"] == {"created": 1}


def test_status_history_of_the_source_is_kept_and_none_invented(tmp_path: Path) -> None:
    period = {"start": "2025-01-15T08:50:00Z", "end": "2025-01-15T09:00:00Z"}
    visit = about(VISIT, statusHistory=[{"status": "arrived", "period": period}])
    take_in(write(tmp_path, "one", PATIENT, visit))
    assert list(StatusPeriod.objects.values_list("status", flat=True)) == ["arrived"]


@pytest.mark.parametrize("status", Status.values)
def test_visit_without_any_time_is_taken_in_any_status(tmp_path: Path, status: str) -> None:
    visit = about(VISIT, status=status)
    del visit["period"]
    report = take_in(write(tmp_path, "one", PATIENT, visit))
    assert report.failures == []
    assert Encounter.objects.get().date_known is False


def test_diagnoses_of_a_visit_get_use_and_rank(tmp_path: Path) -> None:
    use = {"coding": [{"code": "AD"}]}
    named = {"condition": {"reference": "urn:uuid:c"}, "use": use, "rank": 1}
    again = {"condition": {"reference": "urn:uuid:c"}, "use": {"coding": [{"code": "DD"}]}}
    visit = about(VISIT, diagnosis=[named, again])
    report = take_in(write(tmp_path, "one", PATIENT, visit, CONDITION))
    diagnosis = Diagnosis.objects.get()
    assert (diagnosis.use, diagnosis.rank) == ("AD", 1)
    assert [warning.reason for warning in report.warnings if "second" in warning.reason]


def test_two_conditions_of_one_rank_are_both_kept(tmp_path: Path) -> None:
    other = about(CONDITION, id="c2")
    named = [{"condition": {"reference": f"urn:uuid:{c}"}, "rank": 1} for c in ("c", "c2")]
    visit = about(VISIT, diagnosis=named)
    report = take_in(write(tmp_path, "one", PATIENT, visit, CONDITION, other))
    assert sorted(Diagnosis.objects.values_list("rank", flat=True), key=str) == [1, None]
    assert any("rank" in warning.reason for warning in report.warnings)


def test_diagnoses_may_change_places(tmp_path: Path) -> None:
    resources: list[dict[str, Any]] = [
        PATIENT,
        CONDITION,
        about(CONDITION, id="c2", code={"text": "Fever"}),
    ]
    for first, second in (("c", "c2"), ("c2", "c")):
        named = [
            {"condition": {"reference": f"urn:uuid:{first}"}, "rank": 1},
            {"condition": {"reference": f"urn:uuid:{second}"}, "rank": 2},
        ]
        report = take_in(write(tmp_path, "one", *resources, about(VISIT, diagnosis=named)))
        assert report.failures == []
    ranked = Diagnosis.objects.order_by("rank").values_list("rank", "condition_text")
    assert list(ranked) == [(1, "Fever"), (2, "Appendicitis")]


def test_condition_without_a_visit_belongs_to_the_one_that_names_it(tmp_path: Path) -> None:
    problem = {name: value for name, value in CONDITION.items() if name != "encounter"}
    visit = about(VISIT, diagnosis=[{"condition": {"reference": "urn:uuid:c"}}])
    take_in(write(tmp_path, "one", PATIENT, visit, problem))
    assert Diagnosis.objects.get().encounter == Encounter.objects.get()
    other = about(problem, subject={"reference": "urn:uuid:q"}, id="c")
    wrong = write(tmp_path, "two", PATIENT, about(PATIENT, id="q"), visit, other)
    report = take_in(wrong, source="two")
    assert report.failures == []
    assert "another visit" in report.warnings[0].reason
    assert Diagnosis.objects.get(source="two").encounter is None


def test_condition_of_an_earlier_file_is_ranked_by_a_later_visit(tmp_path: Path) -> None:
    problem = about(CONDITION)
    del problem["encounter"]
    named = {"condition": {"reference": "Condition/c"}, "rank": 2}
    first = write(tmp_path, "first", PATIENT, problem)
    second = write(tmp_path, "second", about(VISIT, diagnosis=[named]))
    take_in(first)
    take_in(second)
    diagnosis = Diagnosis.objects.get()
    assert (diagnosis.rank, diagnosis.encounter) == (2, Encounter.objects.get())
    assert take_in(first).total("conflict") == 0


def test_unmodelled_types_are_counted_and_elements_kept(tmp_path: Path) -> None:
    claim = {"resourceType": "Claim", "id": "x"}
    report = take_in(write(tmp_path, "one", about(PATIENT, photo=[{"title": "x"}]), claim))
    assert report.unmodelled == Counter({"Claim": 1})
    assert ImportedResource.objects.get(resource_type="Patient").raw["photo"] == [{"title": "x"}]
    assert not ImportedResource.objects.filter(resource_type="Claim").exists()


def test_resource_about_nobody_is_left_out_and_counted(tmp_path: Path) -> None:
    lonely = about(PRESSURE)
    del lonely["subject"]
    report = take_in(write(tmp_path, "one", PATIENT, lonely))
    assert report.counts["Observation"] == Counter({"skipped": 1})
    assert Observation.objects.count() == 0


def test_text_longer_than_its_column_is_cut_said_and_kept_whole(tmp_path: Path) -> None:
    long = "x" * 300
    name = [{"family": long}]
    report = take_in(write(tmp_path, "one", about(PATIENT, name=name)))
    assert Patient.objects.get().family == "x" * 200
    assert ImportedResource.objects.get().raw["$patient.family"] == long
    assert len(report.warnings) == 1


# -- again --------------------------------------------------------------------------------------


def test_second_run_changes_nothing_in_constant_queries(tmp_path: Path) -> None:
    files = write(tmp_path, "one", PATIENT, DOCTOR, CLINIC, ROOM, VISIT, PRESSURE, CONDITION)
    take_in(files)
    before = contents()
    with CaptureQueriesContext(connection) as few:
        report = take_in(files)
    assert contents() == before
    assert report.total("unchanged") == 7
    many = [about(PRESSURE, id=f"b{number}") for number in range(200)]
    files = write(tmp_path, "two", PATIENT, DOCTOR, CLINIC, ROOM, VISIT, CONDITION, *many)
    take_in(files)
    with CaptureQueriesContext(connection) as queries:
        take_in(files)
    assert len(queries) == len(few)


def test_changed_content_updates_the_row_and_its_parts(tmp_path: Path) -> None:
    take_in(write(tmp_path, "one", PATIENT, DOCTOR, VISIT, PRESSURE))
    component = [{"code": {"text": "diastolic"}, "valueQuantity": {"value": 85}}]
    component.append(PRESSURE["component"][1])  # type: ignore[index]
    changed = about(PRESSURE, component=component, note=[{"text": "sitting"}])
    visit = about(VISIT, participant=[{"individual": {"display": "Nurse Joy"}}])
    report = take_in(write(tmp_path, "one", PATIENT, DOCTOR, visit, changed))
    assert report.counts["Observation"] == Counter({"updated": 1})
    pressure = Observation.objects.get()
    assert pressure.note == "sitting"
    assert list(pressure.components.values_list("value", flat=True)) == ["85", "120"]
    assert pressure.history.count() == 2
    assert Encounter.objects.get().practitioner is None
    participant = EncounterParticipant.objects.get(removed=False)
    assert participant.name == "Nurse Joy"


def test_parts_no_longer_sent_are_taken_off_not_deleted(tmp_path: Path) -> None:
    take_in(write(tmp_path, "one", PATIENT, DOCTOR, VISIT))
    no_one = {name: value for name, value in VISIT.items() if name != "participant"}
    take_in(write(tmp_path, "one", PATIENT, DOCTOR, no_one))
    assert EncounterParticipant.objects.get().removed is True


def test_changed_status_goes_through_move(tmp_path: Path) -> None:
    take_in(write(tmp_path, "one", PATIENT, about(VISIT, status="in-progress")))
    report = take_in(write(tmp_path, "one", PATIENT, VISIT))
    assert report.counts["Encounter"] == Counter({"updated": 1})
    assert Encounter.objects.get().status == "finished"
    event = AuditEvent.objects.get(act="encounter.update_imported")
    assert (event.detail["from"], event.detail["to"]) == ("in-progress", "finished")


def test_what_staff_changed_is_reported_and_left(tmp_path: Path) -> None:
    take_in(write(tmp_path, "one", PATIENT))
    patient = Patient.objects.get()
    patient.phone = "555"
    patient.save()
    report = take_in(write(tmp_path, "one", about(PATIENT, gender="male")))
    assert report.counts["Patient"] == Counter({"conflict": 1})
    patient.refresh_from_db()
    assert (patient.phone, patient.gender) == ("555", "unknown")


def test_sources_do_not_mix_and_the_npi_joins_practitioners(tmp_path: Path) -> None:
    file = write(tmp_path, "one", PATIENT, DOCTOR)
    take_in(file, source="one")
    take_in(file, source="two")
    assert Patient.objects.count() == 2
    assert Practitioner.objects.count() == 1
    other_id = write(tmp_path, "two", about(DOCTOR, id="d2"))
    assert take_in(other_id, source="one").failures == []
    assert Practitioner.objects.count() == 1


def test_shared_identifiers_of_other_systems_join_nobody(tmp_path: Path) -> None:
    licence = [{"system": "urn:oid:2.16.840.1.113883.4.3.25", "value": "S99"}]
    first, second = about(PATIENT, identifier=licence), about(PATIENT, id="q", identifier=licence)
    take_in(write(tmp_path, "one", first, second))
    assert Patient.objects.count() == 2


def test_clinic_number_joins_a_patient_made_here_and_leaves_the_row(tmp_path: Path) -> None:
    here = Patient(family="EXAMPLE", birth_date_unknown=True)
    here.save()
    number = [{"system": "urn:clinik:mrn", "value": here.number}]
    visit = about(VISIT, participant=[{"individual": {"display": "x"}}])
    take_in(write(tmp_path, "one", about(PATIENT, identifier=number), visit))
    assert Patient.objects.get().family == "EXAMPLE"
    assert Encounter.objects.get().patient == here
    changed = about(PATIENT, identifier=number, gender="male")
    report = take_in(write(tmp_path, "one", changed))
    assert report.counts["Patient"] == Counter({"conflict": 1})


def test_two_ids_of_one_npi_in_a_file_are_one_practitioner(tmp_path: Path) -> None:
    twin = about(DOCTOR, id="d2")
    visit = about(VISIT, participant=[{"individual": {"reference": "Practitioner/d2"}}])
    take_in(write(tmp_path, "one", DOCTOR, twin, PATIENT, visit))
    assert Encounter.objects.get().practitioner == Practitioner.objects.get()


def test_practitioner_is_found_through_a_role(tmp_path: Path) -> None:
    role = {"resourceType": "PractitionerRole", "id": "r"}
    role |= {"practitioner": {"reference": "urn:uuid:d"}}  # type: ignore[dict-item]
    visit = about(VISIT, participant=[{"individual": {"reference": "urn:uuid:r"}}])
    take_in(write(tmp_path, "one", role, DOCTOR, PATIENT, visit))
    assert Encounter.objects.get().practitioner == Practitioner.objects.get()


def test_roles_that_name_each_other_lead_nowhere(tmp_path: Path) -> None:
    roles = [
        {
            "resourceType": "PractitionerRole",
            "id": a,
            "practitioner": {"reference": f"urn:uuid:{b}"},
        }
        for a, b in ("rs", "sr")
    ]
    visit = about(VISIT, participant=[{"individual": {"reference": "urn:uuid:r"}}])
    report = take_in(write(tmp_path, "one", *roles, PATIENT, visit))
    assert report.failures == []
    assert Encounter.objects.get().practitioner is None


def test_conditional_create_uses_what_is_there(tmp_path: Path) -> None:
    take_in(write(tmp_path, "one", DOCTOR))
    changed = about(DOCTOR, gender="female")
    wanted = entry(changed, ifNoneExist=f"identifier={NPI}|580")
    report = take_in(write(tmp_path, "one", wanted))
    assert report.counts["Practitioner"] == Counter({"unchanged": 1})
    assert Practitioner.objects.get().gender == ""


# -- several files ------------------------------------------------------------------------------


def test_file_waits_for_the_one_that_brings_its_patient(tmp_path: Path) -> None:
    visit = write(tmp_path, "a", VISIT)
    people = write(tmp_path, "z", PATIENT)
    report = take_in(visit, people)
    assert report.failures == []
    assert Encounter.objects.get().patient == Patient.objects.get()


def test_reference_by_number_waits_too(tmp_path: Path) -> None:
    reference = {"reference": f"Practitioner?identifier={NPI}|580"}
    visit = about(VISIT, participant=[{"individual": reference}])
    take_in(write(tmp_path, "a", PATIENT, visit), write(tmp_path, "z", DOCTOR))
    assert Encounter.objects.get().practitioner == Practitioner.objects.get()


def test_patient_nobody_brings_refuses_the_file_whole(tmp_path: Path) -> None:
    good = write(tmp_path, "good", PATIENT)
    lost = about(VISIT, id="e2", subject={"reference": "Patient/nobody"})
    bad = write(tmp_path, "bad", DOCTOR, lost)
    report = take_in(bad, good)
    (failure,) = report.failures
    assert failure.file == str(bad)
    assert failure.place == "Bundle.entry[1].resource(Encounter).patient"
    assert (Patient.objects.count(), Practitioner.objects.count()) == (1, 0)


def test_optional_reference_nobody_answers_is_left_empty_and_said(tmp_path: Path) -> None:
    report = take_in(write(tmp_path, "one", PATIENT, VISIT))
    assert Encounter.objects.get().practitioner is None
    assert [w.place for w in report.warnings] == [
        "Bundle.entry[1].resource(Encounter).practitioner"
    ]


# -- refused ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("resources", "place"),
    [
        ([PATIENT, PATIENT], r"entry\[1\]"),
        ([about(VISIT, status="completed")], r"entry\[0\].*status"),
        ([entry(PATIENT, method="DELETE")], r"entry\[0\]\.request\.method"),
        ([entry(PATIENT, method="GET")], r"entry\[0\]\.request\.method"),
        ([entry(PATIENT, url="ValueSet/$lookup")], r"entry\[0\]\.request\.url"),
        ([about(PATIENT, id="a_b")], r"entry\[0\].*id"),
        ([about(PRESSURE, valueString="x", valueBoolean=True)], r"entry\[0\].*value"),
        ([about(PATIENT, name=[1])], r"entry\[0\]"),
        ([about(PATIENT, telecom=["x"])], r"entry\[0\]"),
    ],
)
def test_bad_file_is_refused_whole_with_its_place(
    tmp_path: Path, resources: list[dict[str, Any]], place: str
) -> None:
    path = write(tmp_path, "bad", *resources, DOCTOR)
    report = take_in(path)
    (failure,) = report.failures
    assert failure.file == str(path)
    assert re.search(place, failure.place)
    assert failure.reason
    assert report.exit_code == 1
    assert Practitioner.objects.count() == 0
    assert ImportedResource.objects.count() == 0


def test_record_of_another_patient_than_its_visit_is_refused(tmp_path: Path) -> None:
    other = about(PATIENT, id="q")
    wrong = about(PRESSURE, subject={"reference": "Patient/q"})
    report = take_in(write(tmp_path, "one", PATIENT, other, VISIT, wrong))
    assert "another patient" in report.failures[0].reason
    assert Patient.objects.count() == 0


def test_refusal_by_the_database_names_the_rule_and_no_value(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("records.bundle.writing.create_rows", _break_a_rule)
    report = take_in(write(tmp_path, "one", PATIENT))
    (failure,) = report.failures
    assert "patient" in failure.reason
    assert "Secret" not in failure.reason
    assert ImportedResource.objects.count() == 0


def _break_a_rule(rows: Any, *, source: str) -> None:
    Patient.objects.create(family="Secret", source=source, gender="nonsense")


# -- the command --------------------------------------------------------------------------------


def run_command(*paths: Path, capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    code = 0
    try:
        call_command("import_fhir", *map(str, paths))
    except SystemExit as end:
        code = int(end.code or 0)
    return code, capsys.readouterr().out


def test_command_reports_by_type_and_ends_with_0(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(tmp_path, "one", PATIENT, DOCTOR)
    code, out = run_command(tmp_path, capsys=capsys)
    assert code == 0
    assert "Patient: 1 created" in out
    assert "Practitioner: 1 created" in out
    assert "Ordóñez" not in out


def test_command_ends_with_1_where_a_file_was_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bad = write(tmp_path, "bad", about(PATIENT, gender="f"))
    code, out = run_command(write(tmp_path, "good", DOCTOR), bad, capsys=capsys)
    assert code == 1
    assert f"{bad}: Bundle.entry[0].resource(Patient).gender" in out
    assert Practitioner.objects.count() == 1


def test_path_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(BadArgument):
        find_files([tmp_path / "nothing"])


def test_source_without_a_name_is_refused() -> None:
    with pytest.raises(BadArgument):
        Importer("")
