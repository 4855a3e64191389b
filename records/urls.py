"""The chart's pages."""

from django.urls import URLPattern, path

from records.views import (
    assessments,
    board,
    drafts,
    errors,
    exporting,
    instruments,
    kept,
    moving,
    note_signing,
    note_templates,
    notes,
    observations,
    past,
    patient,
    prescriptions,
    todo,
    trends,
    versions,
    visit,
    vitals,
    whole_record,
)

app_name = "records"

urlpatterns: list[URLPattern] = [
    path("", board.board_today, name="board_today"),
    path("earlier/", board.board_earlier, name="board_earlier"),
    path("todo/", todo.todo_list, name="todo_list"),
    path("todo/count/", todo.todo_count, name="todo_count"),
    path("patients/<uuid:pk>/", patient.patient_detail, name="patient_detail"),
    path("patients/<uuid:pk>/timeline/", patient.patient_timeline, name="patient_timeline"),
    path("patients/<uuid:pk>/trends/<slug:sign>/", trends.patient_trend, name="patient_trend"),
    path("patients/<uuid:pk>/export/", exporting.patient_export, name="patient_export"),
    path("patients/<uuid:pk>/record/", whole_record.patient_record, name="patient_record"),
    path("patients/<uuid:pk>/imported/", kept.patient_kept, name="patient_kept"),
    path("visits/<uuid:pk>/", visit.encounter_detail, name="encounter_detail"),
    path("visits/<uuid:pk>/move/", moving.MoveView.as_view(), name="encounter_move"),
    path("visits/<uuid:pk>/print/", visit.encounter_print, name="encounter_print"),
    path("visits/<uuid:pk>/export/", exporting.encounter_export, name="encounter_export"),
    path("visits/<uuid:encounter_pk>/vitals/", vitals.vitals_add, name="vitals_add"),
    path("visits/<uuid:encounter_pk>/vitals/line/", vitals.vitals_line, name="vitals_line"),
    path(
        "visits/<uuid:encounter_pk>/vitals/reading/", vitals.vitals_reading, name="vitals_reading"
    ),
    path(
        "visits/<uuid:encounter_pk>/observations/",
        observations.observation_add,
        name="observation_add",
    ),
    path(
        "visits/<uuid:encounter_pk>/observations/several/",
        observations.observation_labs,
        name="observation_labs",
    ),
    path("observations/<uuid:pk>/seen/", observations.observation_seen, name="observation_seen"),
    path(
        "observations/<uuid:pk>/correct/",
        observations.observation_correct,
        name="observation_correct",
    ),
    path("visits/<uuid:encounter_pk>/notes/", notes.note_add, name="note_add"),
    path("notes/<uuid:pk>/", notes.note_edit, name="note_edit"),
    path("notes/<uuid:pk>/sign/", note_signing.note_sign, name="note_sign"),
    path("notes/<uuid:pk>/cosign/", note_signing.note_cosign, name="note_cosign"),
    path("notes/<uuid:pk>/cosigner/", note_signing.note_cosigner, name="note_cosigner"),
    path("notes/<uuid:pk>/addendum/", notes.note_addendum, name="note_addendum"),
    path("templates/", note_templates.template_list, name="template_list"),
    path("templates/new/", note_templates.template_add, name="template_add"),
    path("templates/<uuid:pk>/", note_templates.template_edit, name="template_edit"),
    path("templates/<uuid:pk>/remove/", note_templates.template_remove, name="template_remove"),
    path("templates/<uuid:pk>/restore/", note_templates.template_restore, name="template_restore"),
    path("drafts/<slug:form>/<uuid:target>/", drafts.note_draft, name="note_draft"),
    path(
        "visits/<uuid:encounter_pk>/prescriptions/",
        prescriptions.prescription_add,
        name="prescription_add",
    ),
    path(
        "patients/<uuid:patient_pk>/medications/check/",
        prescriptions.medication_check,
        name="medication_check",
    ),
    path(
        "patients/<uuid:patient_pk>/medications/print/",
        prescriptions.medication_print,
        name="medication_print",
    ),
    path(
        "prescriptions/<uuid:pk>/print/",
        prescriptions.prescription_print,
        name="prescription_print",
    ),
    path("medications/find/", prescriptions.medication_find, name="medication_find"),
    path("medications/dosage/", prescriptions.dosage_read, name="dosage_read"),
    path("prescriptions/<uuid:pk>/", prescriptions.prescription_edit, name="prescription_edit"),
    path(
        "prescriptions/<uuid:pk>/<slug:verb>/",
        prescriptions.prescription_step,
        name="prescription_step",
    ),
    path(
        "visits/<uuid:encounter_pk>/assessments/", assessments.assessment_add, name="assessment_add"
    ),
    path(
        "visits/<uuid:encounter_pk>/questionnaires/<slug:instrument_key>/",
        instruments.instrument_add,
        name="instrument_add",
    ),
    path("versions/<slug:kind>/<uuid:pk>/", versions.row_versions, name="row_versions"),
    path("records/<slug:kind>/<uuid:pk>/error/", errors.record_error, name="record_error"),
    path("patients/<uuid:patient_pk>/visits/past/", past.encounter_past, name="encounter_past"),
]
