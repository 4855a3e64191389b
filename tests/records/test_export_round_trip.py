"""export_fhir and import_fhir: what goes out comes in, and goes out again byte for byte."""

import datetime as dt
import json
from pathlib import Path
from typing import Any

import pytest

from clinik import codes
from encounters.models import (
    ClassPeriod,
    EncounterParticipant,
    Hospitalization,
    LocationPeriod,
    NoKnownAllergies,
    PatientAlert,
    PatientContact,
    PatientIdentifier,
    PractitionerIdentifier,
    StatusPeriod,
)
from records.bundle import Importer
from records.models import Finding, NoteSignature, ObservationComponent, ReportResult
from tests import factories
from tests.exports import (
    empty_database,
    exported,
    refused_by_r4b,
    resources,
    take_in_again,
    the,
)

SHARED = Path(__file__).parents[3] / "shared" / "data"
needs_shared = pytest.mark.skipif(
    not SHARED.is_dir(),
    reason="the sample data (../shared/data) does not stand beside the checkout",
)
DAY = dt.datetime(2025, 1, 15, 9, 0, tzinfo=dt.UTC)
MINUTE = dt.timedelta(minutes=1)


def comes_back_the_same(folder: Path) -> str:
    """Export, empty, import, export: returns the export."""
    first = exported()
    assert refused_by_r4b(first) == []
    empty_database()
    report = take_in_again(first, folder)
    assert report.failures == []
    assert exported() == first
    return first


def _person() -> Any:
    doctor = factories.PractitionerFactory(family="Ñandú", given="Ana María", specialty="ENT")
    PractitionerIdentifier.objects.create(practitioner=doctor, system=codes.NPI, value="1234567893")
    patient = factories.PatientFactory(
        family="<script>alert(1)</script>",
        given="Zoë Ångström",
        known_as="Zo",
        prefix="Dr",
        birth_date=dt.date(1962, 4, 3),
        birth_date_estimated=True,
        birth_time=dt.time(23, 59),
        multiple_birth=2,
        identity_unverified=True,
        phone="+34 600",
        email="zoe@example.org",
        address_line="1 Main Street, Flat 2",
        city="Cádiz",
        language="Spanish",
        interpreter_needed=True,
        marital_status="M",
        deceased=True,
        deceased_at=DAY + dt.timedelta(days=30),
        deceased_at_precision="day",
        general_practitioner=doctor,
    )
    for value in ("B-2", "A-1"):
        PatientIdentifier.objects.create(patient=patient, system="urn:x", value=value)
    PatientContact.objects.create(patient=patient, name="Mum", phone="1", is_guardian=True)
    PatientContact.objects.create(patient=patient, name="Ex", active=False)
    PatientAlert.objects.create(patient=patient, text="Falls", start=DAY, author=doctor)
    return patient, doctor


def _visit(patient: Any, doctor: Any) -> Any:
    visit = factories.EncounterFactory(
        patient=patient,
        practitioner=doctor,
        status="finished",
        class_code="IMP",
        start=DAY,
        end=DAY + 90 * MINUTE,
        length_minutes=85,
        type_code="185345009",
        type_system=codes.SNOMED,
        reason_text="Fever & cough",
        priority="UR",
        location="Ward 2",
        service_provider="Clinic",
    )
    former = factories.PractitionerFactory()
    for who, begin, end in ((former, DAY, DAY + 30 * MINUTE), (doctor, DAY + 30 * MINUTE, None)):
        EncounterParticipant.objects.create(
            encounter=visit, practitioner=who, role_code="ATND", start=begin, end=end
        )
    EncounterParticipant.objects.create(encounter=visit, name="Ivo", role_code="translator")
    EncounterParticipant.objects.create(encounter=visit, practitioner=former, removed=True)
    StatusPeriod.objects.create(
        encounter=visit, status="onleave", start=DAY, end=DAY + 5 * MINUTE, withdrawn_at=DAY
    )
    ClassPeriod.objects.create(encounter=visit, class_code="EMER", start=DAY, end=DAY + MINUTE)
    ClassPeriod.objects.create(encounter=visit, class_code="IMP", start=DAY + MINUTE)
    LocationPeriod.objects.create(encounter=visit, location="Bay", start=DAY, end=DAY + MINUTE)
    LocationPeriod.objects.create(encounter=visit, location="Ward 2", start=DAY + MINUTE)
    Hospitalization.objects.create(
        encounter=visit,
        admit_source_code="emd",
        origin="Home",
        diet="Vegan",
        disposition_code="home",
        re_admission="R",
    )
    return visit


def _chart(visit: Any, doctor: Any) -> None:
    of = {"encounter": visit, "patient": visit.patient, "author": doctor, "effective": DAY}
    factories.DiagnosisFactory(encounter=visit, use="DD", rank=2, condition_text="Pneumonia")
    factories.DiagnosisFactory(encounter=visit, condition_text="Cough", onset_text="last week")
    factories.DiagnosisFactory(
        encounter=visit, condition_text="Typo", verification="entered-in-error"
    )
    factories.AllergyFactory(
        patient=visit.patient, reaction="hives", severity="mild", recorded=DAY, onset=DAY
    )
    NoKnownAllergies.objects.create(patient=visit.patient, stated_at=DAY, ended_at=DAY)
    pressure = factories.ObservationFactory(**of, code_code="85354-9", value="", value_unit="")
    for place, digits in enumerate(("120.10", "8.0E1")):
        ObservationComponent.objects.create(
            observation=pressure, position=place, code_text=f"part {place}", value=digits
        )
    lab = factories.ObservationFactory(
        **of,
        value="1.10",
        value_comparator="<",
        range_low="0.50",
        range_high="1.0",
        interpretation="H",
        category="laboratory",
        note="haemolysed\tsample\x01",
    )
    report = factories.ReportFactory(**of, source="", conclusion="Fine")
    ReportResult.objects.create(report=report, observation=lab)
    factories.ObservationFactory(**of, value="", value_unit="", absent_reason="not-performed")
    factories.ObservationFactory(**of, value="", value_unit="", value_boolean=False)
    note = factories.NoteFactory(**of, signed=True, content="Zoë is <b>well</b>.\n\n1.10 €")
    NoteSignature.objects.create(
        note=note, practitioner=doctor, by=factories.UserFactory(), at=DAY, digest="0" * 64
    )
    factories.NoteFactory(**of, about=note, relation="addendum", content="More.", type="other")
    before = factories.PrescriptionFactory(
        **of, status="stopped", dose="1.50 mg", frequency="twice a day", route="by mouth",
        start=DAY, end=DAY + dt.timedelta(days=7), quantity="14", quantity_unit="tablets",
        refills=0, controlled=True, reason_text="Pressure", dosage_text="1.5 mg po bid",
    )  # fmt: skip
    factories.PrescriptionFactory(**of, status="active", renews=before, dose="half a tablet")
    earlier = factories.AssessmentFactory(**of, description="First", note="n")
    Finding.objects.create(assessment=earlier, finding_text="Wheeze", basis="heard")
    factories.AssessmentFactory(**of, previous=earlier)


@pytest.mark.django_db(transaction=True)
def test_what_was_made_here_comes_back_the_same(tmp_path: Path) -> None:
    visit = _visit(*_person())
    _chart(visit, visit.practitioner)
    key = f"Encounter/{visit.pk}"
    first = comes_back_the_same(tmp_path)
    # A statement that an allergy has ended does not stand again beside it.
    assert NoKnownAllergies.objects.get().ended_at is not None

    found = resources(first)
    told = found[key]
    assert told["participant"][0]["individual"] == {
        "reference": f"Practitioner/{visit.practitioner_id}"
    }
    assert len(told["participant"]) == 3
    assert [one["status"] for one in told["statusHistory"]] == ["in-progress"]
    assert [one["class"]["code"] for one in told["classHistory"]] == ["EMER"]
    assert [one["location"]["display"] for one in told["location"]] == ["Bay", "Ward 2"]
    # One without a use, one with; the one in error is told as a Condition only.
    assert [one.get("rank") for one in told["diagnosis"]] == [None, 2]
    assert len([one for one in found if one.startswith("Condition/")]) == 3
    for digits in ("120.10", "8.0E1", "1.10", "0.50", "1.50"):
        assert f'"value":{digits}}}' in first
    assert "\\u0001" not in first
    assert "haemolysed\\tsample" in first
    assert "Zoë" in first
    # Taken in again it is the same person, under the same number, and the number is not invented.
    assert the("Patient", first)["identifier"][0]["value"] == visit.patient.mrn


@pytest.mark.django_db(transaction=True)
@needs_shared
def test_sample_bundles_come_back_the_same(tmp_path: Path) -> None:
    files = sorted((SHARED / "synthea-2019").glob("[BDT]*.json"))[:4]
    assert Importer("synthea").run(files).failures == []
    first = comes_back_the_same(tmp_path)
    sent = "".join(path.read_text() for path in files)
    told = resources(first)
    for path in files:
        for entry in json.loads(path.read_text())["entry"]:
            resource = entry["resource"]
            if resource["resourceType"] == "Observation" and "valueQuantity" in resource:
                key = f"Observation/{resource['id']}"
                assert told[key]["valueQuantity"]["value"] == resource["valueQuantity"]["value"]
    assert "Ordóñez" in first
    assert "Ordóñez" in sent
