"""The database itself refuses what the rules forbid: raw SQL, past every verb."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from django.apps import apps
from django.db import IntegrityError, connection, models, transaction

from clinik import clock
from clinik.ids import uuid7
from clinik.models import (
    AuditEvent,
    AuditSeal,
    Code,
    CodeWord,
    Draft,
    ImportedIdentifier,
    ImportedResource,
    ImportFile,
    ImportRun,
    PendingReference,
)
from encounters.models import (
    ClassPeriod,
    EmergencyAccess,
    EncounterParticipant,
    LocationPeriod,
    NoKnownAllergies,
    NotSamePerson,
    PatientAlert,
    PatientIdentifier,
    PatientMerge,
    PractitionerIdentifier,
    StatusPeriod,
)
from records.models import (
    Finding,
    NoteSignature,
    NoteTemplate,
    ObservationComponent,
    ObservationMember,
    ReportResult,
)
from tests.factories import (
    AllergyFactory,
    AmendmentFactory,
    AssessmentFactory,
    DiagnosisFactory,
    DisclosureFactory,
    EncounterFactory,
    NoteFactory,
    ObservationFactory,
    PatientFactory,
    PractitionerFactory,
    PrescriptionFactory,
    ReportFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db

Row = Callable[[], models.Model]

NOW = dt.datetime(2026, 3, 2, 9, 0, tzinfo=dt.UTC)
EARLIER = NOW - dt.timedelta(hours=1)


def insert_copy(row: models.Model, **changed: Any) -> None:
    """Insert a copy of a row under a new key by plain SQL, with some columns changed."""
    model = type(row)
    values = {
        field: changed.get(field.attname, getattr(row, field.attname))
        for field in model._meta.concrete_fields
        if not field.generated
    }
    if isinstance(model._meta.pk, models.UUIDField):
        values[model._meta.pk] = changed.get("id") or uuid7()
    else:
        values.pop(model._meta.pk)
    quote = connection.ops.quote_name
    columns = ", ".join(quote(str(field.column)) for field in values)
    marks = ", ".join(["%s"] * len(values))
    stored = [field.get_db_prep_save(value, connection) for field, value in values.items()]
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {quote(model._meta.db_table)} ({columns}) VALUES ({marks})", stored
        )


def _visit(status: str) -> Row:
    return lambda: EncounterFactory(status=status, status_history=False, start=_start(status))


def _start(status: str) -> dt.datetime | None:
    return None if status in ("planned", "cancelled", "entered-in-error") else EARLIER


def _period(model: type[models.Model], **fields: Any) -> Row:
    return lambda: model._default_manager.create(
        encounter=EncounterFactory(status_history=False), start=EARLIER, end=NOW, **fields
    )


def _open_period() -> models.Model:
    return EncounterFactory().status_history.get()


def _template() -> models.Model:
    return NoteTemplate.objects.create(
        practitioner=PractitionerFactory(), name="Ankle", body="Swelling:"
    )


def _access() -> models.Model:
    return EmergencyAccess.objects.create(
        user=UserFactory(),
        patient=PatientFactory(),
        reason="Called",
        start=NOW,
        until=NOW.replace(year=NOW.year + 1),
    )


def _merge() -> models.Model:
    return PatientMerge.objects.create(
        gone=PatientFactory(), kept=PatientFactory(), by=UserFactory(), at=NOW, reason="Card"
    )


def _new_patient() -> models.Model:
    return PatientFactory()


# The rule, a row that keeps it, and the columns that break it.
BROKEN: list[tuple[str, Row, dict[str, Any]]] = [
    ("patient_has_a_name", _new_patient, {"family": "", "given": ""}),
    ("patient_has_a_birth_date_or_says_unknown", _new_patient, {"birth_date": None}),
    ("encounters_emergencyaccess_start_before_until", _access, {"until": NOW.replace(year=2020)}),
    ("practitioner_has_a_name", PractitionerFactory, {"family": "", "given": ""}),
    ("encounters_encounter_class_offered", _visit("arrived"), {"class_code": "FLD"}),
    ("encounters_encounter_known_status", _visit("arrived"), {"status": "unknown"}),
    ("encounters_encounter_start_before_end", _visit("finished"), {"end": NOW.replace(year=2020)}),
    ("encounters_encounter_planned_has_no_start", _visit("planned"), {"start": NOW}),
    *(
        ("encounters_encounter_begun_has_a_start", _visit(status), {"start": None})
        for status in ("arrived", "triaged", "in-progress", "onleave", "finished")
    ),
    *(
        ("encounters_encounter_open_has_no_end", _visit(status), {"end": NOW})
        for status in ("arrived", "triaged", "in-progress", "onleave")
    ),
    ("encounters_encounter_finished_has_an_end", _visit("finished"), {"end": None}),
    ("encounters_encounter_cancelled_has_a_reason", _visit("cancelled"), {"cancel_reason": ""}),
    (
        "encounters_encounter_cancelled_after_arrival_has_an_end",
        _visit("cancelled"),
        {"start": NOW},
    ),
    (
        "encounters_encounter_in_error_says_about_whom",
        _visit("entered-in-error"),
        {"error_about": ""},
    ),
    ("diagnosis_rank_positive", DiagnosisFactory, {"rank": 0}),
    ("diagnosis_says_what", DiagnosisFactory, {"condition_text": ""}),
    (
        "encounters_diagnosis_onset_before_abatement",
        lambda: DiagnosisFactory(onset=EARLIER, abatement=NOW),
        {"abatement": EARLIER - dt.timedelta(hours=1)},
    ),
    (
        "encounters_patientalert_start_before_end",
        lambda: PatientAlert.objects.create(
            patient=PatientFactory(), text="Falls", start=EARLIER, end=NOW
        ),
        {"end": EARLIER - dt.timedelta(hours=1)},
    ),
    (
        "encounters_statusperiod_start_before_end",
        _period(StatusPeriod, status="arrived"),
        {"end": EARLIER - dt.timedelta(hours=1)},
    ),
    ("status_period_status_known", _period(StatusPeriod, status="arrived"), {"status": "odd"}),
    ("status_period_has_a_start", _period(StatusPeriod, status="arrived"), {"start": None}),
    (
        "encounters_classperiod_start_before_end",
        _period(ClassPeriod, class_code="AMB"),
        {"end": EARLIER - dt.timedelta(hours=1)},
    ),
    (
        "encounters_locationperiod_start_before_end",
        _period(LocationPeriod, location="Room 1"),
        {"end": EARLIER - dt.timedelta(hours=1)},
    ),
    (
        "encounters_encounterparticipant_start_before_end",
        _period(EncounterParticipant, name="Ina"),
        {"end": EARLIER - dt.timedelta(hours=1)},
    ),
    ("assessment_has_a_summary", AssessmentFactory, {"summary": ""}),
    ("note_signed_has_digest", lambda: NoteFactory(signed=True), {"digest": ""}),
    ("observation_says_what", ObservationFactory, {"code_code": "", "code_display": ""}),
    ("observation_one_value", ObservationFactory, {"value_text": "also in words"}),
    (
        "records_prescription_start_before_end",
        lambda: PrescriptionFactory(
            start=EARLIER, end=NOW, start_precision="instant", end_precision="instant"
        ),
        {"end": EARLIER - dt.timedelta(hours=1)},
    ),
    ("prescription_says_what", PrescriptionFactory, {"medication_text": ""}),
]

# Rules of rows made here; the same row with a source is taken, as an import sends it.
FREE_WITH_A_SOURCE = [
    case
    for case in BROKEN
    if case[0] != "diagnosis_rank_positive"
    and not case[0].endswith(("_before_end", "_before_until", "_status_known"))
]

FACTORIES: dict[str, Row] = {
    "patient": _new_patient,
    "encounter": _visit("arrived"),
    "allergy": AllergyFactory,
    "diagnosis": DiagnosisFactory,
    "assessment": AssessmentFactory,
    "report": ReportFactory,
    "note": NoteFactory,
    "observation": ObservationFactory,
    "prescription": PrescriptionFactory,
    "statusperiod": _period(StatusPeriod, status="arrived"),
    "classperiod": _period(ClassPeriod, class_code="AMB"),
    "locationperiod": _period(LocationPeriod, location="Room 1"),
    "encounterparticipant": _period(EncounterParticipant, name="Ina"),
}


CHART = ("assessment", "note", "observation", "prescription", "report")


def _choices() -> list[tuple[str, str, str]]:
    """Each rule that a column holds one of its choices: model, column, name of the rule."""
    found = []
    for name in FACTORIES:
        app = "records" if name in CHART else None
        model = apps.get_model(app or "encounters", name)
        for rule in model._meta.constraints:
            column = rule.name.removeprefix(f"{model._meta.app_label}_{name}_")
            if column.endswith("_known") and column != rule.name:
                found.append((name, column.removesuffix("_known"), rule.name))
    return found


def _pair() -> models.Model:
    first, second = sorted([PatientFactory(), PatientFactory()], key=lambda row: str(row.pk))
    return NotSamePerson.objects.create(first=first, second=second)


UNIQUE: dict[str, Row] = {
    "draft_one_each": lambda: Draft.objects.create(user=UserFactory(), form="note", target="1"),
    "imported_resource_key": lambda: ImportedResource.objects.create(
        source="s", resource_type="Patient", resource_id="1", row_model="p", row_id=uuid7(),
        digest="d",
    ),
    "note_template_named_once": _template,
    "code_word_key": lambda: CodeWord.objects.create(system="s", word="one", positions=b""),
    "code_key": lambda: Code.objects.create(system="s", code="1", display="one"),
    "patient_identifier_once": lambda: PatientIdentifier.objects.create(
        patient=PatientFactory(), system="s", value="1"
    ),
    "not_same_person_once": _pair,
    "patient_merge_stands_once": _merge,
    "practitioner_identifier_once": lambda: PractitionerIdentifier.objects.create(
        practitioner=PractitionerFactory(), system="s", value="1"
    ),
    "no_known_allergies_once": lambda: NoKnownAllergies.objects.create(patient=PatientFactory()),
    "diagnosis_rank_once": lambda: DiagnosisFactory(use="AD", rank=1),
    "status_period_one_open": _open_period,
    "finding_position": lambda: Finding.objects.create(
        assessment=AssessmentFactory(), finding_text="Rash"
    ),
    "note_signed_once_each": lambda: NoteSignature.objects.create(
        note=NoteFactory(), practitioner=PractitionerFactory(), by=UserFactory(),
        at=clock.now(), digest="d",
    ),
    "report_result_position": lambda: ReportResult.objects.create(report=ReportFactory()),
    "panel_member_position": lambda: ObservationMember.objects.create(panel=ObservationFactory()),
    "import_file_number": lambda: ImportFile.objects.create(
        run=ImportRun.objects.create(source="s", started=clock.now()), number=1, name="f"
    ),
    "imported_identifier_once": lambda: ImportedIdentifier.objects.create(
        source="s", resource_type="Location", system="s", value="1", resource_id="l"
    ),
    "pending_reference_once": lambda: PendingReference.objects.create(
        source="s", target_type="Patient", target_id="1", row_model="p", row_id=uuid7(), name="n"
    ),
    "observation_component_position": lambda: ObservationComponent.objects.create(
        observation=ObservationFactory()
    ),
}  # fmt: skip

# Those that need a test of their own.
APART = {
    "encounter_not_part_of_itself",
    "patient_not_merged_into_itself",
    "patient_merge_of_two",
    "emergency_access_reviewed_by_another",
    "not_same_person_in_order",
    "clinik_auditevent_action_known",
    "clinik_auditevent_outcome_known",
    # An index of SQLite names columns: tried below.
    "audit_seal_follows_one",
    "audit_seal_first_once",
    "clinik_importfile_state_known",
    "note_cosigner_is_another",
    "records_notetemplate_type_known",
}


# What a patient asked for, and what went out: no import brings any, so a source frees from nothing.
_ANSWERED = {"decided_at": NOW, "reason": "Yes"}
PRIVACY: list[tuple[str, Row, dict[str, Any]]] = [
    ("encounters_amendmentrequest_kind_known", AmendmentFactory, {"kind": "odd"}),
    (
        "encounters_amendmentrequest_amended_kind_known",
        AmendmentFactory,
        {"decision": "accepted", "amended_kind": "odd", "amended_id": uuid7()} | _ANSWERED,
    ),
    (
        "encounters_amendmentrequest_decision_known",
        AmendmentFactory,
        {"decision": "odd"} | _ANSWERED,
    ),
    ("amendment_decided_whole", AmendmentFactory, {"decided_at": NOW}),
    ("amendment_accepted_names_where", AmendmentFactory, {"decision": "accepted"} | _ANSWERED),
    (
        "amendment_refused_says_why",
        AmendmentFactory,
        {"decision": "denied"} | _ANSWERED | {"reason": ""},
    ),
    ("encounters_disclosure_purpose_known", DisclosureFactory, {"purpose": "odd"}),
    ("encounters_disclosure_means_known", DisclosureFactory, {"means": "odd"}),
    ("disclosure_other_purpose_in_words", DisclosureFactory, {"purpose": "other"}),
    ("disclosure_in_error_whole", DisclosureFactory, {"error_reason": "Wrong"}),
]


def _fresh(row: models.Model) -> models.Model:
    """A patient's clinic number is unique, so its copy gets one of its own."""
    if hasattr(row, "mrn"):
        row.mrn = f"{row.mrn[:-1]}x"
    return row


def test_every_constraint_is_tried_here() -> None:
    known = {
        rule.name
        for app in ("clinik", "encounters", "records")
        for model in apps.get_app_config(app).get_models()
        for rule in model._meta.constraints
    }
    tried = {case[0] for case in BROKEN} | {name for *_rest, name in _choices()}
    assert known == tried | set(UNIQUE) | APART | {case[0] for case in PRIVACY}


@pytest.mark.parametrize(("name", "make", "broken"), BROKEN)
def test_raw_insert_that_breaks_a_rule_fails(name: str, make: Row, broken: dict[str, Any]) -> None:
    row = _fresh(make())
    with pytest.raises(IntegrityError, match=name):
        insert_copy(row, **broken)


@pytest.mark.parametrize(("name", "make", "broken"), FREE_WITH_A_SOURCE)
def test_imported_row_is_free_of_the_rule(name: str, make: Row, broken: dict[str, Any]) -> None:
    row = _fresh(make())
    count = type(row)._default_manager.count()
    insert_copy(row, source="other", **broken)
    assert type(row)._default_manager.count() == count + 1


@pytest.mark.parametrize("name", FACTORIES)
def test_raw_insert_that_keeps_the_rules_is_taken(name: str) -> None:
    row = _fresh(FACTORIES[name]())
    count = type(row)._default_manager.count()
    insert_copy(row)
    assert type(row)._default_manager.count() == count + 1


@pytest.mark.parametrize(("kind", "column", "name"), _choices())
def test_raw_insert_of_an_unknown_choice_fails(kind: str, column: str, name: str) -> None:
    with pytest.raises(IntegrityError, match=name):
        insert_copy(_fresh(FACTORIES[kind]()), **{column: "odd"})


@pytest.mark.parametrize("name", UNIQUE)
def test_raw_insert_of_a_second_key_fails(name: str) -> None:
    # SQLite names the columns of a plain key and the index of a conditional one.
    with pytest.raises(IntegrityError, match=r"(?i)unique"):
        insert_copy(UNIQUE[name]())


def test_second_key_is_free_where_its_condition_ends() -> None:
    insert_copy(DiagnosisFactory(use="AD", rank=1), use="DD")
    insert_copy(DiagnosisFactory(use="AD", rank=1), verification="entered-in-error")
    insert_copy(DiagnosisFactory(use="", rank=None))
    insert_copy(_open_period(), withdrawn_at=NOW)
    insert_copy(NoKnownAllergies.objects.create(patient=PatientFactory()), ended_at=NOW)


@pytest.mark.parametrize(("name", "make", "broken"), PRIVACY)
def test_requests_and_disclosures_say_what_they_must(
    name: str, make: Row, broken: dict[str, Any]
) -> None:
    row: Any = make()
    if "decision" in broken:
        broken = broken | {"decided_by_id": row.by_id}
    with pytest.raises(IntegrityError, match=name):
        insert_copy(row, **broken)


def test_row_does_not_name_itself() -> None:
    merge: Any = _merge()
    with pytest.raises(IntegrityError, match="patient_merge_of_two"), transaction.atomic():
        insert_copy(merge, gone_id=merge.kept_id)
    access: Any = _access()
    with pytest.raises(IntegrityError, match="emergency_access_reviewed"), transaction.atomic():
        insert_copy(access, reviewed_by_id=access.user_id)
    key = uuid7()
    with pytest.raises(IntegrityError, match="encounter_not_part_of_itself"):
        insert_copy(_visit("arrived")(), id=key, part_of_id=key)
    with pytest.raises(IntegrityError, match="patient_not_merged_into_itself"):
        insert_copy(_fresh(_new_patient()), id=key, merged_into_id=key)


def test_nobody_is_asked_to_sign_their_own_note_a_second_time() -> None:
    note = NoteFactory()
    with pytest.raises(IntegrityError, match="note_cosigner_is_another"):
        insert_copy(note, cosigner_id=note.author_id)


def test_template_is_of_a_type_that_notes_have() -> None:
    with pytest.raises(IntegrityError, match="records_notetemplate_type_known"):
        insert_copy(_template(), type="odd")


def test_pair_of_patients_is_kept_in_order() -> None:
    first, second = sorted([PatientFactory(), PatientFactory()], key=lambda row: str(row.pk))
    with pytest.raises(IntegrityError, match="not_same_person_in_order"):
        insert_copy(NotSamePerson(first=second, second=first, at=NOW))


def test_trail_knows_four_kinds_of_acts() -> None:
    event = AuditEvent(id=7, at=NOW, act="patient.view", action="X", object_type="patient")
    with pytest.raises(IntegrityError, match="clinik_auditevent_action_known"):
        insert_copy(event)


def test_trail_knows_three_outcomes() -> None:
    event = AuditEvent(id=7, at=NOW, act="patient.view", action="R", object_type="p", outcome="1")
    with pytest.raises(IntegrityError, match="clinik_auditevent_outcome_known"):
        insert_copy(event)


@pytest.mark.parametrize("changed", [{"previous": "p"}, {"first": 8}])
def test_seal_has_one_place_in_the_chain(changed: dict[str, Any]) -> None:
    seal = AuditSeal.objects.create(first=1, last=7, count=7, leaves=b"", digest="d", at=NOW)
    with pytest.raises(IntegrityError, match=r"(?i)unique"):
        insert_copy(seal, **changed)


def test_file_of_a_run_is_in_a_known_state() -> None:
    run = ImportRun.objects.create(source="s", started=clock.now())
    with pytest.raises(IntegrityError, match="clinik_importfile_state_known"):
        insert_copy(ImportFile(id=7, run=run, number=1, name="f", digest="", state="odd"))


def _name_no_visit(row: models.Model) -> None:
    with transaction.atomic():
        insert_copy(row, encounter_id=uuid7())
        connection.check_constraints()


def _delete_visits() -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("DELETE FROM encounters_statusperiod")
        cursor.execute("DELETE FROM encounters_encounter")
        connection.check_constraints()


def test_clinical_row_cannot_name_a_visit_that_does_not_exist() -> None:
    row = ObservationFactory()
    with pytest.raises(IntegrityError):
        _name_no_visit(row)


def test_database_refuses_to_delete_a_visit_that_holds_records() -> None:
    row = ObservationFactory()
    with pytest.raises(IntegrityError):
        _delete_visits()
    assert type(row)._default_manager.filter(pk=row.pk).exists()
