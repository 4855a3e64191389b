"""The LOINC rows of the code table: what "any observation by code" offers by name."""

from typing import Any

from django.apps import apps as global_apps
from django.apps.registry import Apps

from clinik.codes import LOINC
from clinik.names import normalise_name
from records.loinc import LABS
from records.models.observation import Category
from records.vitals import DIASTOLIC, PREGNANCY_DUE, PREGNANCY_STATUS, SYSTOLIC, VITALS

# LOINC's names of the vital signs, by their key in records.vitals; what is stored as display.
VITAL_NAMES = {
    "bp": "Blood pressure panel",
    "pulse": "Heart rate",
    "temperature": "Body temperature",
    "spo2": "Oxygen saturation by pulse oximetry",
    "respiration": "Respiratory rate",
    "oxygen": "Inhaled oxygen flow rate",
    "consciousness": "Level of consciousness",
    "height": "Body height",
    "weight": "Body weight",
    "bmi": "Body mass index",
    "head": "Head circumference",
    "pain": "Pain severity",
}
PREGNANCY_NAMES = {
    PREGNANCY_STATUS: "Pregnancy status",
    PREGNANCY_DUE: "Delivery date estimated",
}
PART_NAMES = {SYSTOLIC: "Systolic blood pressure", DIASTOLIC: "Diastolic blood pressure"}


def entries() -> list[dict[str, Any]]:
    """Every offered code: its name, category, units, and the word staff use for it."""
    rows: list[dict[str, Any]] = [
        {
            "code": vital.codes[0],
            "display": VITAL_NAMES[vital.key],
            "kind": Category.VITAL_SIGNS,
            "units": list(vital.units),
            "search": normalise_name(str(vital.label)),
        }
        for vital in VITALS.values()
        if vital.key != "bp"  # two numbers: entered as vital signs only
    ]
    for lab in LABS.values():
        rows.append(
            {
                "code": lab.code,
                "display": lab.name,
                "kind": Category.LABORATORY,
                "units": list(lab.units),
                "search": normalise_name(lab.name),
            }
        )
    for code, name in PREGNANCY_NAMES.items():
        rows.append({"code": code, "display": name, "kind": Category.SOCIAL_HISTORY})
    return rows


def fill_after_migrate(*, apps: Apps = global_apps, using: str = "default", **kwargs: Any) -> None:
    """Add the codes that are missing; what an administrator changed stays as it is."""
    try:
        table = apps.get_model("clinik", "Code")
    except LookupError:  # an early state of the migrations
        return
    known = set(table.objects.using(using).filter(system=LOINC).values_list("code", flat=True))
    table.objects.using(using).bulk_create(
        [table(system=LOINC, **row) for row in entries() if row["code"] not in known],
        ignore_conflicts=True,
    )
