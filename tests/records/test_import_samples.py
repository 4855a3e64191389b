"""import_fhir on files nobody here wrote: the sample data beside the checkout, where it is."""

import csv
import random
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from clinik.imports import ImportReport
from clinik.models import ImportedResource, PendingReference
from encounters.models import (
    Allergy,
    Diagnosis,
    Encounter,
    EncounterParticipant,
    LocationPeriod,
    Patient,
    Practitioner,
)
from records.bundle import Importer, find_files
from records.models import (
    Assessment,
    Note,
    Observation,
    ObservationComponent,
    Prescription,
    Report,
)

pytestmark = pytest.mark.django_db

SHARED = Path(__file__).parents[3] / "shared" / "data"
needs_shared = pytest.mark.skipif(
    not SHARED.is_dir(),
    reason="the sample data (../shared/data) does not stand beside the checkout",
)


def take_in(*paths: Path) -> ImportReport:
    return Importer("fhir").run(list(paths))


def contents() -> dict[str, Any]:
    """Everything clinical there is, to compare before and after."""
    models = (
        Patient, Practitioner, Encounter, Diagnosis, Allergy, Observation, ObservationComponent,
        Note, Prescription, Assessment, EncounterParticipant, ImportedResource,
    )  # fmt: skip
    return {model.__name__: list(model.objects.order_by("pk").values()) for model in models}


def expected_of(folder: str) -> dict[str, int]:
    with (SHARED / "expected-counts.tsv").open(encoding="utf-8") as lines:
        row = next(
            row
            for row in csv.DictReader(lines, delimiter="\t")
            if row["path"] == f"{folder}/ (all)"
        )
    return {name: int(row[name]) for name in counted()}


def counted() -> dict[str, int]:
    with_components = ObservationComponent.objects.values("observation").distinct()
    kept = ImportedResource.objects.filter(row_id=None)
    return {
        "patients": Patient.objects.count(),
        "practitioners": Practitioner.objects.count(),
        "organizations": kept.filter(resource_type="Organization").count(),
        "locations": kept.filter(resource_type="Location").count(),
        "encounters": Encounter.objects.count(),
        "conditions": Diagnosis.objects.count(),
        "observations": Observation.objects.count(),
        "obs_components": with_components.count(),
        "obs_no_enc": Observation.objects.filter(encounter=None).count(),
        "cond_no_enc": Diagnosis.objects.filter(encounter=None).count(),
        "diagnostic_reports": Report.objects.count(),
        # The text of a report and the document that has the same are one note.
        "document_references": Note.objects.count(),
        "medication_requests": Prescription.objects.count(),
        "clinical_impressions": Assessment.objects.count(),
    }


@needs_shared
@pytest.mark.parametrize(
    ("folder", "seed"),
    [
        ("synthea-2019", 1),
        ("synthea-2021-conditional", 2),
        ("synthea-2025-ndjson", 3),
        ("au-core", 4),
    ],
)
def test_real_sets_end_in_their_totals_in_any_order_twice(folder: str, seed: int) -> None:
    files = find_files([SHARED / folder])
    random.Random(seed).shuffle(files)
    report = take_in(*files)
    assert report.failures == []
    assert counted() == expected_of(folder)
    before = contents()
    random.Random(seed).shuffle(files)
    again = take_in(*files)
    assert contents() == before
    skipped = report.total("skipped")
    assert again.total("unchanged") + skipped == sum(map(Counter.total, again.counts.values()))
    if folder.startswith("synthea"):
        assert report.warnings == []
        assert PendingReference.objects.count() == 0


@needs_shared
def test_synthea_keeps_accents_digits_and_the_death() -> None:
    take_in(*SHARED.glob("synthea-2019/*.json"))
    assert Patient.objects.get(family="Mejía").given == "Gustavo"
    assert Patient.objects.filter(family="Breitenberg").count() == 2
    height = Observation.objects.filter(code_code="8302-2", value="173.93014137598118").first()
    assert height is not None
    assert height.value_unit_code == "cm"
    dead = Patient.objects.get(family="Thompson")
    assert dead.deceased
    assert dead.deceased_at is not None
    late = Encounter.objects.filter(patient=dead, start__gt=dead.deceased_at)
    assert late.filter(practitioner=None).exists()
    assert Encounter.objects.exclude(service_provider="").count() == 312
    assert LocationPeriod.objects.count() == 0


@needs_shared
@pytest.mark.parametrize("path", sorted(SHARED.glob("invalid/*")), ids=lambda path: path.name)
def test_invalid_sample_is_refused_and_leaves_nothing(path: Path) -> None:
    before = contents()
    report = take_in(path)
    (failure,) = report.failures
    assert failure.file == str(path)
    assert failure.reason
    assert contents() == before


@needs_shared
@pytest.mark.parametrize("folder", ["edge", "hl7-r4-examples", "au-core"])
def test_odd_samples_are_taken_or_refused_in_words_twice(folder: str) -> None:
    files = find_files([SHARED / folder])
    report = take_in(*files)
    assert all(failure.reason for failure in report.failures)
    assert Patient.objects.exists()
    before = {name: len(rows) for name, rows in contents().items()}
    again = take_in(*files)
    assert {name: len(rows) for name, rows in contents().items()} == before
    assert len(again.failures) == len(report.failures)
