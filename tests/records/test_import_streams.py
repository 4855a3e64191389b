"""import_fhir on every kind of file, on references in any order, and on runs that are cut off."""

import base64
import gzip
import json
import os
import random
import signal
import time
from collections import Counter
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.core.management import call_command
from django.db import connection

from clinik.models import (
    AuditEvent,
    ImportedResource,
    ImportFile,
    ImportRun,
    PendingReference,
)
from encounters.models import (
    Diagnosis,
    Encounter,
    EncounterParticipant,
    LocationPeriod,
    Patient,
    Practitioner,
)
from records.bundle import Importer, files, find_files
from records.models import (
    Note,
    Observation,
    ObservationComponent,
    ObservationMember,
    Prescription,
    Report,
    ReportResult,
)
from tests.bundles import (
    CLINIC,
    CONDITION,
    DOCTOR,
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

TEXT = "Seen today, well. Grüße."
DATA = base64.b64encode(TEXT.encode()).decode()
DOCUMENT = {
    "resourceType": "DocumentReference",
    "id": "doc",
    "status": "current",
    "type": {"text": "Progress note"},
    "subject": {"reference": "Patient/p"},
    "context": {"encounter": [{"reference": "Encounter/e"}]},
    "content": [{"attachment": {"contentType": "text/plain; charset=utf-8", "data": DATA}}],
}
REPORT = {
    "resourceType": "DiagnosticReport",
    "id": "rep",
    "status": "final",
    "code": {"text": "Lipid panel"},
    "subject": {"reference": "Patient/p"},
    "encounter": {"reference": "Encounter/e"},
    "result": [{"reference": "Observation/b"}, {"reference": "Observation/later"}],
    "presentedForm": [{"contentType": "text/plain; charset=utf-8", "data": DATA}],
}
ORDER = {
    "resourceType": "MedicationRequest",
    "id": "m",
    "status": "active",
    "intent": "order",
    "subject": {"reference": "Patient/p"},
    "medicationReference": {"reference": "Medication/drug"},
}


def plain(resource: dict[str, Any]) -> dict[str, Any]:
    """With `Type/id` in the place of urn:uuid, as streams have it."""
    text = json.dumps(resource)
    for kind, short in (
        ("Patient", "p"),
        ("Practitioner", "d"),
        ("Encounter", "e"),
        ("Organization", "o"),
    ):
        text = text.replace(f'"urn:uuid:{short}"', f'"{kind}/{short}"')
    return json.loads(text)


ALL = [plain(one) for one in (PATIENT, DOCTOR, CLINIC, ROOM, VISIT, PRESSURE, CONDITION)]


def lines(folder: Path, name: str, *resources: dict[str, Any], pack: bool = False) -> Path:
    text = "".join(json.dumps(plain(one)) + "\n" for one in resources).encode()
    path = folder / name
    path.write_bytes(gzip.compress(text) if pack else text)
    return path


def bundle(folder: Path, kind: str, *resources: dict[str, Any]) -> Path:
    entries = [
        {"fullUrl": f"http://here.example/{one['resourceType']}/{one['id']}", "resource": one}
        for one in map(plain, resources)
    ]
    path = folder / f"{kind}.json"
    path.write_text(json.dumps({"resourceType": "Bundle", "type": kind, "entry": entries}))
    return path


# -- files --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "how", ["collection", "searchset", "batch", "lines", "packed", "bom", "json"]
)
def test_every_kind_of_file_says_the_same(tmp_path: Path, how: str) -> None:
    if how in ("collection", "searchset"):
        path = bundle(tmp_path, how, *ALL)
    elif how == "batch":
        path = write(tmp_path, "batch", *ALL)
        path.write_text(path.read_text().replace('"transaction"', '"batch"'))
    elif how == "packed":
        path = lines(tmp_path, "all.ndjson.gz", *ALL, pack=True)
    else:
        path = lines(tmp_path, "all.json" if how == "json" else "all.ndjson", *ALL)
    if how == "bom":
        path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    report = take_in(*find_files([tmp_path]))
    assert report.failures == []
    assert report.total("created") == len(ALL)
    visit = Encounter.objects.get()
    assert (visit.location, visit.service_provider) == ("Room 204", "ATHOL HOSPITAL")
    assert visit.practitioner == Practitioner.objects.get()
    assert Diagnosis.objects.get().encounter == Observation.objects.get().encounter == visit
    assert ObservationComponent.objects.count() == 2
    assert path.name in ImportFile.objects.get().name


@pytest.mark.parametrize("kind", ["message", "document", "history", "transaction-response"])
def test_other_bundles_are_refused_in_words(tmp_path: Path, kind: str) -> None:
    report = take_in(bundle(tmp_path, kind, PATIENT))
    assert [failure.place for failure in report.failures] == ["Bundle.type"]


def test_a_bad_line_refuses_the_stream_and_says_which(tmp_path: Path) -> None:
    path = lines(tmp_path, "all.ndjson", *ALL)
    path.write_bytes(path.read_bytes() + b'{"resourceType": "Patient", "id": "q", }\n')
    report = take_in(path)
    assert report.failures[0].place == "line 8"
    assert ImportedResource.objects.count() == 0
    assert ImportFile.objects.get().state == ImportFile.State.REFUSED


def test_damaged_gzip_is_refused(tmp_path: Path) -> None:
    path = lines(tmp_path, "all.ndjson.gz", *ALL, pack=True)
    path.write_bytes(path.read_bytes()[:-40])
    assert "damaged" in take_in(path).failures[0].reason
    assert Patient.objects.count() == 0


def test_record_of_a_wrong_patient_refuses_its_stream_whole(tmp_path: Path) -> None:
    """Found before anything is written, although it stands in a later chunk."""
    wrong = about(PRESSURE, id="w", subject={"reference": "Patient/q"})
    take_in(lines(tmp_path, "a.ndjson", PATIENT, about(PATIENT, id="q"), VISIT))
    report = take_in(
        lines(tmp_path, "a.ndjson", PATIENT, about(PATIENT, id="q"), VISIT),
        lines(tmp_path, "b.ndjson", PRESSURE, wrong),
    )
    assert "another patient" in report.failures[0].reason
    assert Observation.objects.count() == 0


def test_files_are_written_in_the_order_they_need(tmp_path: Path) -> None:
    found = [lines(tmp_path, f"{number}.ndjson", one) for number, one in enumerate(reversed(ALL))]
    report = take_in(*found)
    assert (report.failures, report.warnings) == ([], [])
    assert Diagnosis.objects.get().encounter == Encounter.objects.get()
    assert PendingReference.objects.count() == 0


# -- references ---------------------------------------------------------------------------------


def test_reference_by_any_identifier_finds_a_place_of_another_run(tmp_path: Path) -> None:
    number = {"system": "urn:places", "value": "17"}
    take_in(lines(tmp_path, "a.ndjson", about(ROOM, identifier=[number])))
    place = {"location": {"reference": "Location?identifier=urn:places|17"}}
    take_in(lines(tmp_path, "b.ndjson", PATIENT, about(VISIT, location=[place])))
    assert Encounter.objects.get().location == "Room 204"


def test_identifier_that_two_have_names_nobody(tmp_path: Path) -> None:
    number = {"system": "urn:places", "value": "17"}
    two = [about(ROOM, id=one, identifier=[number]) for one in ("l1", "l2")]
    place = {"location": {"reference": "Location?identifier=urn:places|17", "display": "17"}}
    take_in(lines(tmp_path, "a.ndjson", *two))
    take_in(lines(tmp_path, "b.ndjson", PATIENT, about(VISIT, location=[place])))
    assert Encounter.objects.get().location == "17"


def test_what_waited_is_filled_by_a_later_run(tmp_path: Path) -> None:
    role = {"resourceType": "PractitionerRole", "id": "r"}
    role["practitioner"] = {"reference": "Practitioner/d"}  # type: ignore[assignment]
    visit = about(
        VISIT,
        participant=[{"individual": {"reference": "PractitionerRole/r"}}],
        diagnosis=[
            {
                "condition": {"reference": "Condition/c"},
                "use": {"coding": [{"code": "AD"}]},
                "rank": 2,
            }
        ],
    )
    panel = about(
        PRESSURE,
        id="panel",
        hasMember=[{"reference": "Observation/b"}],
        encounter={"reference": "Encounter/e"},
    )
    report = take_in(lines(tmp_path, "a.ndjson", PATIENT, visit, panel, ORDER, REPORT))
    assert report.failures == []
    assert Encounter.objects.get().practitioner is None
    assert PendingReference.objects.count() > 5
    drug = {"resourceType": "Medication", "id": "drug", "code": {"text": "Amlodipine"}}
    later = about(PRESSURE, id="later")
    take_in(lines(tmp_path, "b.ndjson", CLINIC, ROOM, role, CONDITION, PRESSURE, later, drug))
    take_in(lines(tmp_path, "c.ndjson", DOCTOR))
    visit_row = Encounter.objects.get()
    assert visit_row.practitioner == Practitioner.objects.get()
    assert (visit_row.location, visit_row.service_provider) == ("Room 204", "ATHOL HOSPITAL")
    participant = EncounterParticipant.objects.get()
    assert (participant.practitioner, participant.name) == (visit_row.practitioner, "")
    assert LocationPeriod.objects.get().location == "Room 204"
    diagnosis = Diagnosis.objects.get()
    assert (diagnosis.use, diagnosis.rank, diagnosis.encounter) == ("AD", 2, visit_row)
    assert Prescription.objects.get().medication_text == "Amlodipine"
    member = ObservationMember.objects.get()
    assert member.observation == Observation.objects.get(reports__position=0)
    assert [result.observation_id for result in ReportResult.objects.order_by("position")] == [
        member.observation_id,
        Observation.objects.get(reports__position=1).pk,
    ]
    assert PendingReference.objects.count() == 0
    # Rows filled by the import itself do not count as edited by staff.
    before = contents()
    again = take_in(*(tmp_path / name for name in ("a.ndjson", "b.ndjson", "c.ndjson")))
    assert again.total("conflict") == again.total("updated") == again.total("created") == 0
    assert contents() == before


def test_put_by_search_changes_the_one_it_finds(tmp_path: Path) -> None:
    number = {"identifier": [{"system": "urn:x", "value": "1"}]}
    take_in(write(tmp_path, "one", about(PATIENT, **number)))
    request = {"method": "PUT", "url": "Patient?identifier=urn:x|1"}
    changed = entry(about(PATIENT, id="other", gender="male", **number), **request)
    take_in(write(tmp_path, "two", changed))
    assert Patient.objects.get().gender == "male"


# -- one note from two resources ----------------------------------------------------------------


@pytest.mark.parametrize("first", ["together", "document", "report"])
def test_text_of_a_document_and_of_a_report_is_one_note(tmp_path: Path, first: str) -> None:
    one = lines(tmp_path, "1.ndjson", PATIENT, DOCTOR, VISIT, PRESSURE)
    document = lines(
        tmp_path, "2.ndjson", about(DOCUMENT, author=[{"reference": "Practitioner/d"}])
    )
    report = lines(tmp_path, "3.ndjson", REPORT)
    if first == "together":
        take_in(one, document, report)
    else:
        take_in(one)
        for path in (document, report) if first == "document" else (report, document):
            take_in(path)
    note = Note.objects.get()
    assert (note.content, note.type_text, note.author) == (
        TEXT,
        "Progress note",
        Practitioner.objects.get(),
    )
    assert Report.objects.get().note == note
    before = contents()
    again = take_in(report, document, one)
    assert again.total("updated") == again.total("created") == again.total("conflict") == 0
    assert contents() == before


def test_text_that_only_a_report_has_is_a_note_that_follows_it(tmp_path: Path) -> None:
    take_in(lines(tmp_path, "1.ndjson", PATIENT, VISIT, REPORT))
    changed = base64.b64encode(b"Other words").decode()
    form = [{"contentType": "text/plain", "data": changed}]
    take_in(lines(tmp_path, "2.ndjson", about(REPORT, presentedForm=form)))
    assert Note.objects.get().content == "Other words"
    assert Report.objects.get().note == Note.objects.get()


def test_two_documents_of_one_text_stay_two(tmp_path: Path) -> None:
    take_in(lines(tmp_path, "1.ndjson", PATIENT, VISIT, DOCUMENT, about(DOCUMENT, id="doc2")))
    assert Note.objects.count() == 2


# -- what is not modelled -----------------------------------------------------------------------


def test_unmodelled_resource_is_kept_whole_where_it_is_a_patients(tmp_path: Path) -> None:
    procedure = {
        "resourceType": "Procedure",
        "id": "x",
        "subject": {"reference": "Patient/p"},
        "note": [{"text": "1.10"}],
    }
    device = {"resourceType": "Device", "id": "y"}
    report = take_in(lines(tmp_path, "1.ndjson", PATIENT, procedure, device))
    assert report.counts["Procedure"] == Counter(created=1)
    assert report.counts["Device"] == Counter(skipped=1)
    assert report.unmodelled == Counter(Procedure=1, Device=1)
    key = ImportedResource.objects.get(resource_type="Procedure")
    assert (key.raw, key.row_id, key.patient_id) == (procedure, None, Patient.objects.get().pk)
    assert key.encounter_id is None


def test_kept_resource_knows_its_visit_however_it_names_it(tmp_path: Path) -> None:
    reference = {"reference": "Encounter/e"}
    ways: dict[str, Any] = {
        "Procedure": {"encounter": reference},
        "Communication": {"encounter": {"reference": "http://here.example/fhir/Encounter/e"}},
        "MedicationStatement": {"context": reference},
        "Claim": {"item": [{"sequence": 1}, {"encounter": [reference]}]},
    }
    mine = [
        {"resourceType": kind, "id": "x", "subject": {"reference": "Patient/p"}, **said}
        for kind, said in ways.items()
    ]
    take_in(lines(tmp_path, "1.ndjson", *mine, PATIENT, VISIT))
    kept = ImportedResource.objects.filter(resource_type__in=ways)
    assert set(kept.values_list("encounter_id", flat=True)) == {Encounter.objects.get().pk}
    assert kept.count() == len(ways)


# -- the command --------------------------------------------------------------------------------


def test_dry_run_says_what_would_come_of_it_and_writes_nothing(tmp_path: Path) -> None:
    found = [lines(tmp_path, f"{n}.ndjson", one) for n, one in enumerate(ALL)]
    dry = Importer("fhir", dry_run=True).run(found)
    assert ImportedResource.objects.count() == Patient.objects.count() == 0
    assert ImportRun.objects.count() == AuditEvent.objects.count() == 0
    real = take_in(*found)
    assert (dry.counts, dry.failures) == (real.counts, real.failures)
    assert Importer("fhir", dry_run=True).run(found).total("unchanged") == len(ALL)
    # Also of what would be brought up to date.
    changed = [write(tmp_path, "changed", about(PATIENT, birthDate="1970-01-01"))]
    before = contents()
    assert Importer("fhir", dry_run=True).run(changed).counts["Patient"] == {"updated": 1}
    assert contents() == before


def test_strict_refuses_what_would_only_be_remarked(tmp_path: Path) -> None:
    dangling = about(PRESSURE, performer=[{"reference": "Practitioner/nobody"}])
    first = lines(tmp_path, "1.ndjson", PATIENT, VISIT, DOCTOR, CLINIC, ROOM)
    second = lines(tmp_path, "2.ndjson", PRESSURE, about(dangling, id="z"))
    report = Importer("fhir", strict=True).run([first, second])
    assert [failure.file for failure in report.failures] == [str(second)]
    assert (Encounter.objects.count(), Observation.objects.count()) == (1, 0)
    assert Importer("fhir").run([first, second]).failures == []


def test_report_file_says_everything_twice(tmp_path: Path, capsys: Any) -> None:
    lines(tmp_path, "1.ndjson", PATIENT, about(VISIT, status=None))
    (tmp_path / "2.json").write_text("{")
    with pytest.raises(SystemExit):
        call_command("import_fhir", tmp_path, report=tmp_path / "report.json")
    said = json.loads((tmp_path / "report.json").read_text())
    assert said["counts"]["Patient"] == {"created": 1}
    assert said["failures"][0]["file"].endswith("2.json")
    assert any("no status" in one["reason"] for one in said["warnings"])
    with pytest.raises(SystemExit):
        call_command("import_fhir", tmp_path, report=tmp_path / "report.csv")
    text = (tmp_path / "report.csv").read_text()
    assert "refused" in text
    assert "unchanged,,Patient" in text


def test_run_keeps_who_asked_and_each_file_with_its_digest(tmp_path: Path, admin_user: Any) -> None:
    path = lines(tmp_path, "1.ndjson", *ALL)
    call_command("import_fhir", path, user=admin_user.username, verbosity=0)
    run = ImportRun.objects.get()
    part = run.parts.get()
    assert (run.by, run.command, part.state, part.done) == (
        admin_user,
        "import_fhir",
        "written",
        len(ALL),
    )
    assert (len(part.digest), part.size) == (64, path.stat().st_size)
    assert set(ImportedResource.objects.values_list("first_run", "run")) == {(run.pk, run.pk)}


# -- cut off ------------------------------------------------------------------------------------

_STATE = (
    Patient, Practitioner, Encounter, EncounterParticipant, LocationPeriod, Diagnosis, Observation,
    ObservationComponent, ObservationMember, Note, Prescription, Report, ReportResult,
)  # fmt: skip
_OF_THE_MOMENT = {"recorded", "id", "created", "updated", "source", "mrn", "version"}


def state(source: str) -> dict[str, Any]:
    """All that a source brought, free of keys and times, with how much history it has."""
    keys = list(ImportedResource.objects.filter(source=source).order_by("id"))
    names = {key.row_id: f"{key.resource_type}/{key.resource_id}" for key in keys}
    found: dict[str, Any] = {
        "keys": sorted((k.resource_type, k.resource_id, k.digest, k.row_version) for k in keys),
        "raw": {names.get(k.row_id, k.resource_id): k.raw for k in keys},
        "pending": PendingReference.objects.filter(source=source).count(),
        "counts": [run.counts for run in ImportRun.objects.filter(source=source)],
        "visits": AuditEvent.objects.filter(
            act="encounter.import", object_id__in=[str(k.row_id) for k in keys]
        ).count(),
    }
    for model in _STATE:
        found[model.__name__] = _rows(model, source, names)
        if hasattr(model, "history"):
            rows = model._default_manager.filter(source=source).values_list("pk", flat=True)
            found[f"history of {model.__name__}"] = model.history.filter(id__in=list(rows)).count()
    return found


def _rows(model: Any, source: str, names: dict[Any, str]) -> Counter[str]:
    return Counter(
        json.dumps(
            {
                name: names.get(value, "row") if isinstance(value, UUID) else str(value)
                for name, value in row.items()
                if name not in _OF_THE_MOMENT
            },
            sort_keys=True,
        )
        for row in model._default_manager.filter(source=source).values()
    )


def clinic(folder: Path) -> list[Path]:
    """Bundles and streams that need each other; no numbers by which sources would be joined."""
    people = [about(PATIENT, id=f"p{n}") for n in range(4)]
    doctor = {name: value for name, value in DOCTOR.items() if name != "identifier"}
    visits, records, found = [], [], []
    for n in range(24):
        subject = {"reference": f"Patient/p{n % 4}"}
        person = {"individual": {"reference": "Practitioner/d"}}
        visits.append(about(plain(VISIT), id=f"e{n}", subject=subject, participant=[person]))
        mine = {"subject": subject, "encounter": {"reference": f"Encounter/e{n}"}}
        records.append(about(plain(PRESSURE), id=f"b{n}", **mine))
        records.append(about(plain(CONDITION), id=f"c{n}", **mine))
    found.append(lines(folder, "1.ndjson", *records))
    found.append(lines(folder, "2.ndjson", *visits))
    found.append(lines(folder, "3.ndjson", *people, CLINIC))
    found.append(write(folder, "4", doctor, ROOM))
    return found


def _import_in_a_child(source: str, found: list[Path], *, kill_after: float | None) -> bool:
    """Whether it came to its end."""
    child = os.fork()
    if child == 0:
        try:
            # A connection of its own; the parent's is left alone.
            connection.connection = None
            connection.ensure_connection()
            Importer(source).run(found)
        finally:
            os._exit(0)
    if kill_after is not None:
        time.sleep(kill_after)
        os.kill(child, signal.SIGKILL)
    _pid, status = os.waitpid(child, 0)
    return os.WIFEXITED(status)


@pytest.mark.django_db(transaction=True)
def test_killed_at_any_moment_it_goes_on_where_it_stood(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "MOST_LINES", 6)
    found = clinic(tmp_path)
    began = time.monotonic()
    assert _import_in_a_child("undisturbed", found, kill_after=None)
    whole = time.monotonic() - began
    wanted = state("undisturbed")
    assert len(wanted["keys"]) == 4 + 1 + 1 + 1 + 24 * 3
    chance = random.Random(4)
    killed = 0
    for number in range(20):
        source = f"killed {number}"
        if not _import_in_a_child(source, found, kill_after=chance.uniform(0.05, 1) * whole):
            killed += 1
            assert _import_in_a_child(source, found, kill_after=None)
        assert state(source) == wanted
        assert ImportRun.objects.filter(source=source).count() == 1
    assert killed > 5


def test_other_files_do_not_go_on_in_a_run_that_was_cut_off(tmp_path: Path) -> None:
    path = lines(tmp_path, "1.ndjson", *ALL)
    run = ImportRun.objects.create(
        command="import_fhir", source="fhir", started="2026-01-01T00:00Z"
    )
    ImportFile.objects.create(run=run, number=0, name=str(path), digest="0" * 64)
    take_in(path)
    assert ImportRun.objects.count() == 2
    assert ImportRun.objects.filter(finished=None).get() == run
