"""How fast FHIR goes out, beside how fast the same resources came in; how much memory it takes.

    .venv/bin/python benchmarks/export.py               20,000 resources, a SQLite file of its own
    .venv/bin/python benchmarks/export.py 100000 --rounds 3
    bin/postgres-scratch .venv/bin/python benchmarks/export.py 100000

Run by hand, never by the suite. Invented resources of the usual mix (of ten: seven observations,
one condition, one visit, one prescription; a patient to a hundred) are written as NDJSON, imported
by a process of its own and exported by this one. Rates are of wall clock and, in brackets, of the
process's own work, which a busy machine changes less; the best of the rounds. The memory is the
most that the export has taken above what the process had when it began.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

LOINC = "http://loinc.org"
UCUM = "http://unitsofmeasure.org"


def main() -> None:
    arguments = argparse.ArgumentParser()
    arguments.add_argument("resources", nargs="?", type=int, default=20_000)
    arguments.add_argument("--rounds", type=int, default=3)
    arguments.add_argument("--import-only", type=Path, help=argparse.SUPPRESS)
    asked = arguments.parse_args()
    os.environ.setdefault("SECRET_KEY", "of a benchmark")
    os.environ["DEBUG"] = "0"
    os.environ["DJANGO_SETTINGS_MODULE"] = "clinik.settings"
    if asked.import_only:
        take_in(asked.import_only)
        return
    with tempfile.TemporaryDirectory(prefix="clinik-bench-") as folder:
        os.environ.setdefault("DATABASE_URL", f"sqlite:///{folder}/bench.sqlite3")
        path = Path(folder) / "in.ndjson"
        with path.open("w") as file:
            file.writelines(f"{json.dumps(one)}\n" for one in invented(asked.resources))
        subprocess.run([sys.executable, __file__, "--import-only", str(path)], check=True)
        import django

        django.setup()
        for _round in range(asked.rounds):
            give_out()


def take_in(path: Path) -> None:
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0)
    from records.bundle import Importer

    begun, worked = time.perf_counter(), time.process_time()
    report = Importer("benchmark").run([path])
    number = report.total("created")
    told("import", number, time.perf_counter() - begun, time.process_time() - worked)


def give_out() -> None:
    from records.exporting import Everything, Export, as_text

    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    begun, worked = time.perf_counter(), time.process_time()
    number = 0
    with Path(os.devnull).open("w") as file:
        for line in as_text(Export(Everything()), "ndjson"):
            file.write(line)
            number += 1
    told("export", number, time.perf_counter() - begun, time.process_time() - worked)
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(f"  memory {after / 1024:.0f} MB, of it {(after - before) / 1024:.0f} MB since it began")


def told(what: str, number: int, seconds: float, worked: float) -> None:
    print(f"{what} {number} resources: {number / seconds:,.0f}/s ({number / worked:,.0f}/s)")


def invented(number: int) -> Iterator[dict[str, Any]]:
    yield {
        "resourceType": "Practitioner",
        "id": "d",
        "name": [{"family": "Example", "given": ["Ada"]}],
    }
    for n in range(number - 1):
        who, visit = f"p{n // 100}", f"e{n // 10}"
        if n % 100 == 0:
            yield {
                "resourceType": "Patient",
                "id": who,
                "name": [{"use": "official", "family": f"Person{n}", "given": ["Pat"]}],
                "birthDate": "1980-05-17",
                "gender": "female",
            }
        if n % 10 == 0:
            yield _visit(visit, who)
        elif n % 10 == 1:
            yield {
                **_record("Condition", n, who, visit),
                "code": {"text": "Essential hypertension"},
            }
        elif n % 10 == 2:
            yield {
                **_record("MedicationRequest", n, who, visit),
                "status": "active",
                "intent": "order",
                "medicationCodeableConcept": {"text": "Amlodipine 5 mg"},
            }
        else:
            yield _observation(n, who, visit)


def _visit(visit: str, who: str) -> dict[str, Any]:
    return {
        "resourceType": "Encounter",
        "id": visit,
        "status": "finished",
        "class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "AMB"},
        "subject": {"reference": f"Patient/{who}"},
        "participant": [{"individual": {"reference": "Practitioner/d"}}],
        "period": {"start": "2025-01-15T09:00:00Z", "end": "2025-01-15T09:45:00Z"},
    }


def _record(kind: str, n: int, who: str, visit: str) -> dict[str, Any]:
    return {
        "resourceType": kind,
        "id": f"r{n}",
        "subject": {"reference": f"Patient/{who}"},
        "encounter": {"reference": f"Encounter/{visit}"},
    }


def _observation(n: int, who: str, visit: str) -> dict[str, Any]:
    return {
        **_record("Observation", n, who, visit),
        "status": "final",
        "category": [
            {
                "coding": [
                    {
                        "system": "http://terminology.hl7.org/CodeSystem/observation-category",
                        "code": "vital-signs",
                        "display": "Vital signs",
                    }
                ]
            }
        ],
        "code": {
            "coding": [{"system": LOINC, "code": "8867-4", "display": "Heart rate"}],
            "text": "Heart rate",
        },
        "effectiveDateTime": "2025-01-15T09:00:00Z",
        "issued": "2025-01-15T09:00:00.123Z",
        "performer": [{"reference": "Practitioner/d"}],
        "valueQuantity": {
            "value": 60 + n % 400 / 10,
            "unit": "/min",
            "system": UCUM,
            "code": "/min",
        },
    }


if __name__ == "__main__":
    main()
