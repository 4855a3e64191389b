"""How fast FHIR goes in, beside Django's bulk_create of the same rows with their history.

    .venv/bin/python benchmarks/importing.py            20,000 resources, a SQLite file of its own
    .venv/bin/python benchmarks/importing.py 100000
    bin/postgres-scratch .venv/bin/python benchmarks/importing.py

Run by hand, never by the suite. The database is a scratch file, removed afterwards, or the one in
DATABASE_URL, which has to be empty: it is filled. Invented patients, visits, vital signs,
diagnoses, notes and prescriptions are written as NDJSON, and half of them as a Bundle a patient;
the import is timed from its first file to its last row, checking included. Then, in the same
process, the rows that it made are made once more by bulk_create with their history, which is all
that is timed there: no reading, no keys, no audit. The peak of the memory is the process's and its
readers'.
"""

import argparse
import json
import os
import random
import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

LOINC = "http://loinc.org"
VITALS = (("8867-4", "Heart rate", "/min"), ("9279-1", "Respiratory rate", "/min"))
PER_VISIT = 8
VISITS = 12


def main() -> None:
    arguments = argparse.ArgumentParser()
    arguments.add_argument("resources", nargs="?", type=int, default=20_000)
    asked = arguments.parse_args()
    with tempfile.TemporaryDirectory(prefix="clinik-bench-") as folder:
        os.environ.setdefault("DATABASE_URL", f"sqlite:///{folder}/bench.sqlite3")
        os.environ.setdefault("SECRET_KEY", "of a benchmark")
        os.environ["DEBUG"] = "0"
        os.environ["DJANGO_SETTINGS_MODULE"] = "clinik.settings"
        import django
        from django.core.management import call_command

        django.setup()
        call_command("migrate", verbosity=0)
        files = Path(folder) / "fhir"
        files.mkdir()
        number = write_files(files, asked.resources)
        measure(files, number)


def write_files(folder: Path, wanted: int) -> int:
    """Half as streams, a file a type, half as a Bundle a patient; returns how many resources."""
    patients = max(2, wanted // (1 + VISITS * PER_VISIT))
    streams: dict[str, Any] = {}
    number = 0
    for of in range(patients):
        made = list(person(of))
        number += len(made)
        if of % 2:
            entries = [
                {"resource": one, "request": {"method": "PUT", "url": url(one)}} for one in made
            ]
            bundle = {"resourceType": "Bundle", "type": "transaction", "entry": entries}
            (folder / f"bundle-{of}.json").write_text(json.dumps(bundle))
            continue
        for one in made:
            kind = one["resourceType"]
            if kind not in streams:
                streams[kind] = (folder / f"{kind}.ndjson").open("w")
            streams[kind].write(json.dumps(one) + "\n")
    for stream in streams.values():
        stream.close()
    return number


def url(one: dict[str, Any]) -> str:
    return f"{one['resourceType']}/{one['id']}"


def person(of: int) -> Iterator[dict[str, Any]]:
    """A patient with visits and what was recorded in them; nobody there is."""
    chance = random.Random(of)
    subject = {"reference": f"Patient/p{of}"}
    yield {
        "resourceType": "Patient", "id": f"p{of}", "gender": "female", "birthDate": "1971-02-03",
        "name": [{"use": "official", "family": f"Example{of}", "given": ["Ina", "Bo"]}],
        "telecom": [{"system": "phone", "value": f"555-{of:04}", "use": "home"}],
        "address": [{"line": ["1 Example Way"], "city": "Exampletown", "postalCode": "00001"}],
    }  # fmt: skip
    for visit in range(VISITS):
        key = f"{of}-{visit}"
        day = f"20{10 + visit}-03-{1 + of % 28:02}"
        mine = {"subject": subject, "encounter": {"reference": f"Encounter/e{key}"}}
        yield {
            "resourceType": "Encounter", "id": f"e{key}", "status": "finished",
            "class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "AMB"},
            "type": [{"coding": [{"system": "http://snomed.info/sct", "code": "185349003",
                                  "display": "Encounter for check up"}], "text": "Check up"}],
            "subject": subject,
            "period": {"start": f"{day}T09:00:00-05:00", "end": f"{day}T09:30:00-05:00"},
        }  # fmt: skip
        yield {
            "resourceType": "Condition", "id": f"c{key}", "clinicalStatus": concept("active"),
            "verificationStatus": concept("confirmed"), "onsetDateTime": f"{day}T09:10:00-05:00",
            "code": {"coding": [{"system": "http://snomed.info/sct", "code": "444814009",
                                 "display": "Viral sinusitis"}], "text": "Viral sinusitis"},
            **mine,
        }  # fmt: skip
        for number, (code, display, unit) in enumerate(VITALS * 2):
            value = round(chance.uniform(10, 90), 4)
            yield {
                "resourceType": "Observation", "id": f"o{key}-{number}", "status": "final",
                "category": [{"coding": [{"code": "vital-signs"}]}],
                "code": {"coding": [{"system": LOINC, "code": code, "display": display}]},
                "effectiveDateTime": f"{day}T09:0{number}:00-05:00", **mine,
                "valueQuantity": {"value": value, "unit": unit, "code": unit,
                                  "system": "http://unitsofmeasure.org"},
            }  # fmt: skip
        yield {
            "resourceType": "DocumentReference", "id": f"d{key}", "status": "current",
            "type": {"text": "Progress note"}, "subject": subject, "date": f"{day}T09:20:00-05:00",
            "context": {"encounter": [{"reference": f"Encounter/e{key}"}]},
            "content": [{"attachment": {"contentType": "text/plain", "data": "U2VlbiB0b2RheS4="}}],
        }  # fmt: skip
        yield {
            "resourceType": "MedicationRequest", "id": f"m{key}", "status": "active",
            "intent": "order", "authoredOn": f"{day}T09:25:00-05:00", **mine,
            "medicationCodeableConcept": {"text": "Amlodipine 5 mg"},
            "dosageInstruction": [{"text": "1 tablet in the morning"}],
        }  # fmt: skip


def concept(code: str) -> dict[str, Any]:
    return {"coding": [{"code": code}]}


def measure(folder: Path, number: int) -> None:
    from django.db import connection

    from records.bundle import Importer, find_files

    begun = time.perf_counter()
    report = Importer("benchmark").run(find_files([folder]))
    took = time.perf_counter() - begun
    assert report.total("created") == number, list(report.lines())
    peak = sum(
        resource.getrusage(whose).ru_maxrss
        for whose in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    )
    begun = time.perf_counter()
    again = Importer("benchmark").run(find_files([folder]))
    second = time.perf_counter() - begun
    assert again.total("unchanged") == number
    bare = bare_time()
    print(f"{connection.vendor}, {number:,} resources")
    print(f"  import        {number / took:8,.0f} resources/s ({took:.2f} s)")
    print(f"  again         {number / second:8,.0f} resources/s, nothing changed")
    print(f"  bulk_create   {number / bare:8,.0f} resources/s, the same rows with history")
    print(f"  import is     {bare / took:8.0%} of it")
    print(f"  memory        {peak / 1024:8,.0f} MB at most (with the readers' largest)")


def bare_time() -> float:
    """Seconds that bulk_create takes for copies of the imported rows, with history."""
    from simple_history.utils import bulk_create_with_history

    from clinik.ids import uuid7
    from encounters.models import Diagnosis, Encounter, Patient
    from records.models import Note, Observation, Prescription

    models: tuple[Any, ...] = (Patient, Encounter, Diagnosis, Observation, Note, Prescription)
    copies: dict[Any, Any] = {}
    renamed: dict[Any, Any] = {}
    for model in models:
        copies[model] = list(model.objects.filter(source="benchmark"))
        for row in copies[model]:
            old, row.pk = row.pk, uuid7()
            renamed[old] = row.pk
            row._state.adding = True
            row.source = "bare"
            for link in ("patient_id", "encounter_id"):
                if getattr(row, link, None) in renamed:
                    setattr(row, link, renamed[getattr(row, link)])
            if model is Patient:
                row.mrn = f"b{len(renamed)}"
    begun = time.perf_counter()
    for model in models:
        bulk_create_with_history(copies[model], model, batch_size=500)
    return time.perf_counter() - begun


if __name__ == "__main__":
    main()
