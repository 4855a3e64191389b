"""A long Bundle whose entries stand for themselves is written bit by bit; a transaction is not."""

import json
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from clinik.models import ImportFile, PendingReference
from encounters.models import Diagnosis, Encounter, Patient
from records.bundle import reading
from records.bundle.files import Block
from records.bundle.writing import ChunkWriter
from records.models import Observation
from tests.bundles import CONDITION, DOCTOR, PATIENT, VISIT, about, take_in
from tests.exports import exported

pytestmark = pytest.mark.django_db
MOST = 4


@pytest.fixture(autouse=True)
def short_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "MOST_LINES", MOST)


def observation(number: int) -> dict[str, Any]:
    return {
        "resourceType": "Observation", "id": f"o{number}", "status": "final",
        "code": {"text": "Pulse"}, "valueQuantity": {"value": number},
        "subject": {"reference": "urn:uuid:the-patient"},
        "encounter": {"reference": "urn:uuid:the-visit"},
    }  # fmt: skip


def bundle(folder: Path, kind: str) -> Path:
    """What others refer to stands last, and its fullUrl does not say its id."""
    visit = about(
        VISIT,
        subject={"reference": "urn:uuid:the-patient"},
        diagnosis=[{"condition": {"reference": "urn:uuid:c"}, "rank": 1}],
    )
    condition = about(
        CONDITION,
        subject={"reference": "urn:uuid:the-patient"},
        encounter={"reference": "urn:uuid:the-visit"},
    )
    sent = [*map(observation, range(9)), condition, visit, DOCTOR, PATIENT]
    names = {"Patient": "the-patient", "Encounter": "the-visit"}
    entries = [
        {
            "fullUrl": f"urn:uuid:{names.get(one['resourceType'], one['id'])}",
            "resource": one,
            "request": {"method": "POST", "url": one["resourceType"]},
        }
        for one in sent
    ]
    path = folder / f"{kind}.json"
    path.write_text(json.dumps({"resourceType": "Bundle", "type": kind, "entry": entries}))
    return path


@pytest.mark.parametrize(
    ("kind", "sizes"),
    [("transaction", [13]), ("batch", [4, 4, 4, 1]), ("collection", [4, 4, 4, 1]),
     ("searchset", [4, 4, 4, 1])],
)  # fmt: skip
def test_long_bundle_is_cut_where_it_may_be_and_says_the_same(
    tmp_path: Path, kind: str, sizes: list[int]
) -> None:
    path = bundle(tmp_path, kind)
    assert [len(chunk.entries) for chunk in reading.read_chunks(Block(path))] == sizes
    report = take_in(path)
    assert report.total("created") == 13
    assert not report.failures
    visit = Encounter.objects.get()
    assert visit.patient == Patient.objects.get()
    assert Observation.objects.filter(encounter=visit).count() == 9
    assert Diagnosis.objects.get().rank == 1
    assert not PendingReference.objects.filter(name="diagnosis").exists()
    assert '"rank":1' in exported()
    assert take_in(path).total("unchanged") == 13


def test_run_that_was_cut_off_goes_on_inside_the_bundle(tmp_path: Path) -> None:
    path = bundle(tmp_path, "collection")
    written: list[int] = []
    write = ChunkWriter.write

    def killed(writer: ChunkWriter) -> Any:
        if len(written) == 2:
            raise KeyboardInterrupt
        written.append(len(writer.chunk.entries))
        return write(writer)

    with patch.object(ChunkWriter, "write", killed), pytest.raises(KeyboardInterrupt):
        take_in(path)
    assert ImportFile.objects.get().done == 2 * MOST
    report = take_in(path)
    assert ImportFile.objects.get().done == 13
    assert report.total("created") == 13
    assert Observation.objects.count() == 9
