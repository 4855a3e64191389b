"""import_csv: what comes in, what a second run does, what is refused and how it is mended."""

import csv
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from clinik.models import AuditEvent, ImportedResource, ImportFile, ImportRun
from encounters.models import Diagnosis, Encounter, Patient, Practitioner, patient
from records.bundle import rows
from records.csv_files import KINDS, CsvImport, FileMap, Options, Outcome, load_map, run
from records.exporting import Export, as_text, find_scope
from records.models import Observation
from records.readings import paired
from tests.bundles import contents
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db

PATIENTS = """\
id,family,given,birth_date,sex,phone
p1,Ordóñez,Bernardo,1962-04-03,m,+44 20 1
p2,عبد الله,ليلى,1980,f,
"""
PRACTITIONERS = """\
id,npi,name,specialty
d1,580,"Brakus, Anna",GENERAL PRACTICE
"""
VISITS = """\
id,patient,practitioner,status,class,start,end,reason
v1,p1,d1,finished,ambulatory,2025-01-15 09:00,2025-01-15 09:45,"=HYPERLINK(""x"")"
v2,p2,,finished,EMER,2025-01-16T09:00Z,2025-01-16T10:00Z,Cough
"""
OBSERVATIONS = """\
patient,visit,date,code,code system,value,unit,status
p1,v1,2025-01-15 09:05,8867-4,LOINC,72,/min,final
p1,v1,2025-01-15 09:05,8867-4,LOINC,74,/min,final
p1,,2025-01-10,718-7,LOINC,1.10,g/dL,final
"""
Take = Callable[..., Outcome]


@pytest.fixture
def take(tmp_path: Path) -> Take:
    """take("patients", text, ...): the text as a file, taken in."""

    def take(kind: str, text: str | bytes, *, name: str = "", **options: Any) -> Outcome:
        path = tmp_path / f"{name or kind}.csv"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return CsvImport(Options(KINDS[kind], path, **options)).run()

    return take


@pytest.fixture
def clinic(take: Take) -> Take:
    """Two patients, a practitioner and their visits are in."""
    for kind, text in (
        ("practitioners", PRACTITIONERS), ("patients", PATIENTS), ("visits", VISITS)
    ):  # fmt: skip
        assert take(kind, text).exit_code == 0
    return take


def reasons(outcome: Outcome) -> list[str]:
    return [f"{one.line} {one}" for one in outcome.problems]


# -- what comes in ------------------------------------------------------------------------------


def test_five_kinds_become_rows_with_history_and_a_second_run_changes_nothing(clinic: Take) -> None:
    assert clinic("observations", OBSERVATIONS).exit_code == 0
    diagnoses = "patient,visit,code,code_system,diagnosis,onset,stop,use,rank\n" + (
        "p1,v1,J06.9,ICD-10-CM,Cold,2025-01-10,2025-01-20,DD,1\np1,,,,Asthma,1990,,,\n"
    )
    assert clinic("diagnoses", diagnoses).exit_code == 0
    visit = Encounter.objects.get(reason_text='=HYPERLINK("x")')
    assert visit.patient.name == "ORDÓÑEZ, Bernardo"
    assert visit.practitioner.specialty == "GENERAL PRACTICE"
    assert (visit.class_code, visit.length_minutes, visit.source) == ("AMB", 45, "csv")
    assert visit.history.count() == 1
    assert Patient.objects.get(family="عبد الله").birth_date_precision == "year"
    values = Observation.objects.order_by("value").values_list("value", "effective_precision")
    assert list(values) == [("1.10", "day"), ("72", "instant"), ("74", "instant")]
    cold, asthma = Diagnosis.objects.order_by("-condition_code")
    assert (cold.clinical_status, cold.encounter, cold.rank) == ("resolved", visit, 1)
    assert (asthma.category, asthma.onset_precision) == ("problem-list-item", "year")
    before = contents()
    for kind, text in (
        ("practitioners", PRACTITIONERS), ("patients", PATIENTS), ("visits", VISITS),
        ("observations", OBSERVATIONS), ("diagnoses", diagnoses),
    ):  # fmt: skip
        again = clinic(kind, text).report
        assert again.total("unchanged") == sum(c.total() for c in again.counts.values()) > 0
    assert contents() == before


def test_run_is_remembered_with_its_file_and_who_asked(take: Take) -> None:
    by = UserFactory()
    take("patients", PATIENTS, by=by, source="old system")
    made = ImportRun.objects.get()
    assert (made.command, made.source, made.by) == ("import_csv", "old system", by)
    assert made.finished is not None
    assert made.counts == {"Patient": {"created": 2}}
    part = made.parts.get()
    assert (part.state, part.done, len(part.digest)) == ("written", 2, 64)
    assert AuditEvent.objects.get(act="import.run").by == by
    assert ImportedResource.objects.filter(first_run=made, resource_id="p1").exists()


def test_changed_row_is_updated_and_columns_that_are_not_there_stay(take: Take) -> None:
    take("patients", PATIENTS)
    outcome = take("patients", "id,family,given\np1,Ordóñez,Bernard\np2,عبد الله,ليلى\n")
    assert outcome.report.counts["Patient"]["updated"] >= 1
    person = Patient.objects.get(family="Ordóñez")
    assert (person.given, person.phone, person.gender) == ("Bernard", "+44 20 1", "male")
    assert person.history.count() == 2


def test_row_that_staff_have_edited_is_a_conflict_and_stays(take: Take) -> None:
    take("patients", PATIENTS)
    person = Patient.objects.get(family="Ordóñez")
    person.phone = "by staff"
    person.save()
    outcome = take("patients", PATIENTS.replace("+44 20 1", "+44 20 2"))
    assert outcome.report.counts["Patient"] == {"conflict": 1, "unchanged": 1}
    person.refresh_from_db()
    assert person.phone == "by staff"


def test_same_id_of_another_source_is_another_person(take: Take) -> None:
    take("patients", PATIENTS)
    take("patients", PATIENTS, source="elsewhere")
    assert Patient.objects.count() == 4


def test_practitioner_known_by_npi_is_joined(take: Take) -> None:
    take("practitioners", PRACTITIONERS)
    take("practitioners", PRACTITIONERS.replace("d1", "other"), source="elsewhere")
    assert Practitioner.objects.count() == 1


def test_rows_without_ids_are_known_by_what_they_are_about(clinic: Take) -> None:
    clinic("observations", OBSERVATIONS)
    changed = OBSERVATIONS.replace("1.10", "1.2").replace("2025-01-10", "2025-01-10")
    assert clinic("observations", changed).report.counts["Observation"] == {
        "unchanged": 2, "updated": 1,
    }  # fmt: skip
    # The same moment written in another way is the same row.
    other = OBSERVATIONS.replace("2025-01-15 09:05", "2025-01-15T10:05+01:00")
    clinic("observations", other)
    assert Observation.objects.count() == 3


def test_columns_nobody_reads_are_kept_unless_the_map_ignores_them(take: Take) -> None:
    text = "id,family,shoe size,secret\np1,A,43,x\n"
    outcome = take("patients", text, map=FileMap(ignore=("secret",)))
    assert ImportedResource.objects.get().raw["$columns"] == {"shoe size": "43"}
    assert any("shoe size" in line for line in outcome.report.lines())


def test_people_of_one_batch_never_draw_the_same_clinic_number(
    take: Take, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn = iter(["00000000", "00000000", "00000000", "12345671"])
    monkeypatch.setattr(patient, "generate", lambda: next(drawn))
    assert take("patients", PATIENTS).exit_code == 0
    assert set(Patient.objects.values_list("mrn", flat=True)) == {"00000000", "12345671"}


def test_what_the_database_refuses_stops_the_run_which_can_go_on(
    take: Take, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(rows, "new_mrns", lambda number: ["00000000"] * number)
        outcome = take("patients", PATIENTS)
    assert outcome.stopped == "the database refused it (IntegrityError) (lines 2 to 3)"
    assert ImportRun.objects.get().finished is None
    assert take("patients", PATIENTS).exit_code == 0
    assert ImportRun.objects.get().counts == {"Patient": {"created": 2}}


def test_rows_go_out_as_fhir_under_ids_that_it_knows_and_say_what_was_sent(take: Take) -> None:
    take("patients", "id,family\nNHS 12/3,A\nok-1,B\n")
    take("diagnoses", "patient,text,recorded\nok-1,Asthma,\n")
    sent = [json.loads(line) for line in as_text(Export(find_scope(None, None)), "ndjson")]
    people = {one["name"][0]["family"]: one for one in sent if one["resourceType"] == "Patient"}
    assert people["B"]["id"] == "ok-1"
    assert people["A"]["id"] == str(Patient.objects.get(family="A").pk)
    assert not {"active", "gender"} & people["A"].keys()
    (asthma,) = [one for one in sent if one["resourceType"] == "Condition"]
    assert "recordedDate" not in asthma


# -- what is refused ------------------------------------------------------------------------------


def test_one_bad_row_keeps_the_whole_file_out_and_each_is_named(take: Take) -> None:
    outcome = take("patients", PATIENTS + 'p3,,,3.4.1962,x,1\n"p\n4",B,,,,\np3,C\n')
    assert outcome.exit_code == 1
    assert [line[:60] for line in reasons(outcome)] == [
        "4 birth_date: is no date or time (2019-04-07, 2019-04-07 15:",
        "7 has 2 cells, the header has 6: is a delimiter missing, or ",
    ]
    assert Patient.objects.count() == 0
    made = ImportRun.objects.get()
    assert made.finished is not None
    assert [failure["place"] for failure in made.failures] == ["line 4, birth_date", "line 7"]
    assert "3.4.1962" not in json.dumps(made.failures)


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("v3,p9,,finished,,,,", "patient: is not known to the source “csv”: import its file of"),
        ("v3,p1,d9,finished,,,,", "practitioner: is not known"),
        ("v3,,,finished,,,,", "patient: is empty"),
        (",p1,,finished,,,,", "id: is empty"),
        ("v1,p1,,done,,,,", "status: is none of arrived, cancelled"),
        ("v1,p2,,finished,,,,", "patient: is another patient than when this row was imported"),
        ("v3,p1,,finished,,2025-01-02T00:00Z,2025-01-01T00:00Z,", "end: is before the start"),
        ("v3,p1,,finished,,2025-01-02T00:00Z,,a\0b", "reason: holds a character"),
        ("v3,p1,,finished," + "x" * 101 + ",,,", "class: is longer than 100 characters"),
        ("v3,p1,,finished,,,,,surplus", "has 9 cells, the header has 8"),
        ("v3,p1,,finished,,,", "has 7 cells"),
    ],
)
def test_bad_row_is_refused_with_column_and_reason(clinic: Take, row: str, reason: str) -> None:
    before = contents()
    outcome = clinic("visits", VISITS.splitlines()[0] + "\n" + row + "\n", name="bad")
    (said,) = reasons(outcome)
    assert said.startswith(f"2 {reason}")
    assert contents() == before


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "the file is empty"),
        ("\n  \n", "nothing but blank lines"),
        ("id,family\n", "no row below it"),
        ("id;family\n1;\xe9", "no utf-8"),
        ("family\nA\n", "needs the columns id"),
    ],
)
def test_file_without_rows_or_sense_is_refused_and_remembered(
    take: Take, text: str, reason: str
) -> None:
    encoding = "utf-8" if "\xe9" in text else ""
    outcome = take("patients", text.encode("latin-1"), encoding=encoding)
    assert reason in outcome.refused
    assert outcome.exit_code == 1
    assert reason in ImportRun.objects.get().failures[0]["reason"]


def test_id_twice_in_a_file_is_refused_the_second_time(take: Take) -> None:
    outcome = take("patients", PATIENTS + "p1,Other,,,,\n")
    assert reasons(outcome) == ["4 id: stands in line 2 already: each row needs an id of its own"]


def test_visit_of_another_patient_is_refused(clinic: Take) -> None:
    outcome = clinic("observations", OBSERVATIONS.replace("p1,v1", "p2,v1", 1))
    assert reasons(outcome) == ["2 visit: is a visit of another patient"]


def test_what_looks_like_a_number_and_is_none_is_refused(clinic: Take) -> None:
    bad = OBSERVATIONS.replace(",72,", ',"7,2",')
    assert "decimal comma" in reasons(clinic("observations", bad))[0]
    assert clinic("observations", bad, map=FileMap(decimal=",")).exit_code == 0
    assert Observation.objects.filter(value="7.2", value_number=7.2).exists()


def test_dry_run_checks_and_writes_nothing(clinic: Take, tmp_path: Path) -> None:
    before = contents(), ImportRun.objects.count()
    text = VISITS + "v3,p1,,finished,,,,\nv4,p9,,finished,,,,\n"
    outcome = clinic("visits", text, dry_run=True, skip_invalid=True)
    assert (outcome.rows, outcome.bad, outcome.known) == (4, 1, 2)
    assert (contents(), ImportRun.objects.count()) == before
    assert not list(tmp_path.glob("*rejected*"))


def test_dry_run_foresees_what_is_new_and_what_staff_have_changed(clinic: Take) -> None:
    visit = Encounter.objects.order_by("id").first()
    assert visit is not None
    visit.reason_text = "Changed here"
    visit.save()
    before = contents(), ImportRun.objects.count()
    changed = VISITS.replace("finished", "cancelled") + "v3,p1,,finished,,,,\n"
    foreseen = clinic("visits", changed, dry_run=True)
    assert (contents(), ImportRun.objects.count()) == before
    found = clinic("visits", changed)
    assert foreseen.report.counts == found.report.counts
    assert found.report.counts["Encounter"]["conflict"] == 1
    assert [n.reason for n in foreseen.report.warnings] == [n.reason for n in found.report.warnings]


# -- mended and imported again -------------------------------------------------------------------


def mend(path: Path | None, **columns: Callable[[str], str]) -> Path:
    assert path is not None
    with path.open(encoding="utf-8-sig", newline="") as file:
        header, *rows = list(csv.reader(file))
    for row in rows:
        for name, change in columns.items():
            place = header.index(name)
            row[place] = change(row[place])
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([header, *rows])
    return path


def test_good_rows_go_in_and_rejected_ones_come_out_mended_nothing_twice(
    take: Take, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run, "BATCH", 100)
    header = "id,family,given,born,note to ourselves"
    lines = [header, *(f'p{n},Family {n},"Given, {n}",1962-04-03,n {n}' for n in range(400))]
    for n in range(0, 400, 20):
        lines[n + 1] = lines[n + 1].replace("1962-04-03", "03.04.1962")
    text = "\n".join(lines)
    outcome = take("patients", text, skip_invalid=True)
    assert (outcome.bad, outcome.good, outcome.exit_code) == (20, 380, 1)
    assert Patient.objects.count() == 380
    assert outcome.report.counts["Patient"] == {"created": 380, "failed": 20}
    assert outcome.rejected == tmp_path / "patients.rejected.csv"
    first, *rejected = outcome.rejected.read_text("utf-8-sig").splitlines()
    assert first == f"rejected_line,rejected_reason,rejected_row,{header}"
    assert rejected[1].startswith('22,"born: is no date or time (')
    assert rejected[1].endswith(lines[21])
    # The same file again writes no second file of the same rows.
    assert take("patients", text, skip_invalid=True).rejected == outcome.rejected
    path = mend(
        outcome.rejected, born=lambda text: re.sub(r"(..)\.(..)\.(....)", r"\3-\2-\1", text)
    )
    for counts in ({"created": 20}, {"unchanged": 20}):
        mended = CsvImport(Options(KINDS["patients"], path)).run()
        assert mended.report.counts["Patient"] == counts
    whole = take("patients", text.replace("03.04.1962", "1962-04-03"), name="whole")
    assert whole.report.counts["Patient"] == {"unchanged": 400}


def test_mended_row_without_an_id_takes_nobodys_place(clinic: Take) -> None:
    """Of three results of one minute two are bad, and equal: mended they replace no other."""
    good = OBSERVATIONS + OBSERVATIONS.splitlines()[2] + "\n"
    bad = good.replace("LOINC,74", "LOINC,7..4")
    outcome = clinic("observations", bad, skip_invalid=True)
    assert outcome.bad == 2
    path = mend(outcome.rejected, value=lambda text: text.replace("7..4", "74"))
    for _time in range(2):
        CsvImport(Options(KINDS["observations"], path)).run()
        values = Observation.objects.filter(code_code="8867-4").order_by("value")
        assert list(values.values_list("value", flat=True)) == ["72", "74", "74"]
    assert clinic("observations", good).report.counts["Observation"] == {"unchanged": 4}


def test_rejected_file_replaces_no_other(take: Take, tmp_path: Path) -> None:
    (tmp_path / "patients.rejected.csv").write_text("mended by hand")
    bad = PATIENTS + "p3,,,,,\n"
    outcome = take("patients", bad, skip_invalid=True)
    assert outcome.rejected == tmp_path / "patients.rejected-2.csv"
    named = take("patients", bad, skip_invalid=True, rejected=outcome.rejected)
    assert "is there already" in named.refused


def test_rows_rejected_twice_carry_their_reason_once(take: Take) -> None:
    first = take("patients", PATIENTS + "p3,,,,,\n", skip_invalid=True)
    path = mend(first.rejected)
    second = CsvImport(Options(KINDS["patients"], path, skip_invalid=True)).run()
    header, row = second.rejected.read_text("utf-8-sig").splitlines()
    assert header.count("rejected_") == 3
    assert re.fullmatch(r"2,.+: there is no name.+,[0-9a-f]{16}-1,p3,,,,,", row)


def test_run_that_was_cut_off_is_taken_up_where_it_stood(
    take: Take, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run, "BATCH", 10)
    text = "id,family\n" + "".join(f"p{n},Family {n}\n" for n in range(35))
    written = run.write_rows
    batches: list[str] = []

    def killed(rows: Any, *args: Any, **kwargs: Any) -> Any:
        batches.append(rows[0].id)
        if len(batches) == 3:
            raise KeyboardInterrupt
        return written(rows, *args, **kwargs)

    monkeypatch.setattr(run, "write_rows", killed)
    with pytest.raises(KeyboardInterrupt):
        take("patients", text)
    assert Patient.objects.count() == 20
    outcome = take("patients", text)
    assert batches == ["p0", "p10", "p20", "p20", "p30"]
    assert outcome.report.counts["Patient"] == {"created": 35}
    made = ImportRun.objects.get()
    assert (made.counts, ImportFile.objects.get().done) == ({"Patient": {"created": 35}}, 35)
    assert Patient.objects.count() == 35


# -- the command ----------------------------------------------------------------------------------


def test_command_reports_and_says_by_its_exit_code(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path, report = tmp_path / "p.csv", tmp_path / "report.csv"
    path.write_text(PATIENTS + "p3,,,,,\n")
    with pytest.raises(SystemExit, match="1"):
        call_command("import_csv", "patients", path, "--report", report)
    said = capsys.readouterr().out
    assert "line 4, family, given: there is no name: fill in one of them" in said
    assert "Nothing was kept" in said
    refused = report.read_text().splitlines()[1]
    assert refused.startswith("refused,")
    assert '"line 4, family, given",there is no' in refused
    path.write_text(PATIENTS)
    call_command("import_csv", "patients", path, "--report", tmp_path / "report.json")
    assert json.loads((tmp_path / "report.json").read_text())["counts"] == {
        "Patient": {"created": 2}
    }


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["--time-zone", "Mars/Olympus"], "no time zone"),
        (["--user", "nobody"], "no such login"),
        (["--map", "missing.toml"], "cannot be read"),
        (["--source", ""], "needs a name"),
    ],
)
def test_command_refuses_arguments_that_are_none(
    tmp_path: Path, arguments: list[str], reason: str
) -> None:
    path = tmp_path / "x.csv"
    with pytest.raises(CommandError, match="is not there"):
        call_command("import_csv", "patients", path)
    path.write_text(PATIENTS)
    with pytest.raises(CommandError, match=reason):
        call_command("import_csv", "patients", path, *arguments)


# -- files nobody here wrote ----------------------------------------------------------------------

SHARED = Path(__file__).parents[3] / "shared" / "data"
MAPS = Path(__file__).parents[2] / "docs" / "csv-maps"
needs_shared = pytest.mark.skipif(
    not SHARED.is_dir(),
    reason="the sample data (../shared/data) does not stand beside the checkout",
)


def take_sample(kind: str, path: Path, source: str) -> Outcome:
    file_map = load_map(MAPS / f"{source}.toml", KINDS[kind])
    return CsvImport(Options(KINDS[kind], path, source=source, map=file_map)).run()


@needs_shared
def test_synthea_goes_in_with_its_map_and_a_second_run_changes_nothing() -> None:
    files = {
        "organizations": "organizations", "practitioners": "providers", "patients": "patients",
        "visits": "encounters", "observations": "observations", "diagnoses": "conditions",
        "prescriptions": "medications",
    }  # fmt: skip
    with (SHARED / "expected-counts.tsv").open(encoding="utf-8") as lines:
        expected = {row["path"]: row for row in csv.DictReader(lines, delimiter="\t")}
    for kind, name in files.items():
        outcome = take_sample(kind, SHARED / "csv-synthea" / f"{name}.csv", "synthea")
        assert (outcome.problems, outcome.refused, outcome.stopped) == ([], "", "")
        resource = KINDS[kind].resource
        made = ImportedResource.objects.filter(resource_type=resource).count()
        assert made == int(expected[f"csv-synthea/{name}.csv"]["resources"])
    assert Encounter.objects.exclude(practitioner=None).count() == 604
    assert Encounter.objects.exclude(service_provider__contains="-").count() > 0
    assert not Encounter.objects.filter(service_provider__regex="^[0-9a-f]{8}-").exists()
    assert Observation.objects.filter(code_code="8480-6").count() == 27
    # Two rows of the file, one blood pressure of the chart, in whatever order they were read.
    halves = Observation.objects.with_codes(["8480-6", "8462-4"]).newest_first()
    assert sum(row.lower_half is not None for row in paired(halves)) == 27
    assert not Observation.objects.filter(code_code="QALY", code_system="http://loinc.org")
    assert Diagnosis.objects.filter(clinical_status="active").count() == 140
    before = contents()
    for kind, name in files.items():
        again = take_sample(kind, SHARED / "csv-synthea" / f"{name}.csv", "synthea").report
        assert again.total("unchanged") == sum(c.total() for c in again.counts.values())
    assert contents() == before


@needs_shared
def test_worked_example_gives_what_the_page_says(tmp_path: Path) -> None:
    path = tmp_path / "hospital_ae_data.csv"
    with (SHARED / "csv-ae" / "hospital_ae_data.csv").open(encoding="utf-8") as file:
        path.write_text("".join(next(file) for _line in range(101)))
    for kind in ("patients", "visits", "observations"):
        outcome = take_sample(kind, path, "ae")
        assert (outcome.problems, outcome.rows) == ([], 100)
    visit = Encounter.objects.get(patient__known_as="744-256-9522")
    assert (visit.class_code, visit.service_provider) == ("EMER", "Kingston Hospital")
    assert (visit.start.isoformat(), visit.length_minutes) == ("2019-04-07T01:16:52+00:00", 56)
    assert visit.end.isoformat() == "2019-04-07T02:12:52+00:00"
    person = visit.patient
    assert (person.birth_date.year, person.birth_date_estimated) == (1977, True)
    assert (person.gender, person.postal_code) == ("male", "EC3N 3DH")
    treatment = Observation.objects.get(encounter=visit)
    assert (treatment.code_text, treatment.value_text) == ("Treatment", "Dressing")
