"""The front desk's pages."""

from django.urls import path

from encounters.views import (
    alerts,
    allergies,
    closing,
    conditions,
    deceased,
    diagnoses,
    editing,
    errors,
    handing_over,
    patients,
    practitioners,
    problems,
    search,
    staying,
    steps,
    visits,
)

app_name = "encounters"

urlpatterns = [
    path("patients/", patients.patient_list, name="patient_list"),
    path("patients/find/", patients.patient_find, name="patient_find"),
    path("patients/new/", patients.patient_register, name="patient_register"),
    path("patients/duplicates/", patients.patient_duplicates, name="patient_duplicates"),
    path("patients/<uuid:pk>/edit/", patients.patient_edit, name="patient_edit"),
    path("patients/<uuid:pk>/deceased/", deceased.patient_deceased, name="patient_deceased"),
    path("patients/<uuid:pk>/not-same/", patients.patient_not_same, name="patient_not_same"),
    path("patients/<uuid:patient_pk>/allergies/add/", allergies.allergy_add, name="allergy_add"),
    path("patients/<uuid:patient_pk>/allergies/none/", allergies.allergy_none, name="allergy_none"),
    path("allergies/<uuid:pk>/", allergies.allergy_edit, name="allergy_edit"),
    path("allergies/<uuid:pk>/error/", allergies.allergy_error, name="allergy_error"),
    path("patients/<uuid:patient_pk>/alerts/add/", alerts.alert_add, name="alert_add"),
    path("alerts/<uuid:pk>/end/", alerts.alert_end, name="alert_end"),
    path("practitioners/find/", practitioners.practitioner_find, name="practitioner_find"),
    path("conditions/find/", conditions.condition_find, name="condition_find"),
    path("visits/", search.encounter_list, name="encounter_list"),
    path("visits/csv/", search.encounter_csv, name="encounter_csv"),
    path("patients/<uuid:patient_pk>/visits/new/", visits.encounter_open, name="encounter_open"),
    path("visits/<uuid:pk>/edit/", editing.EditView.as_view(), name="encounter_edit"),
    path("visits/<uuid:pk>/step/<slug:verb>/", steps.encounter_step, name="encounter_step"),
    path("visits/<uuid:pk>/undo/", steps.StepBackView.as_view(), name="encounter_step_back"),
    path("visits/<uuid:pk>/leave/", staying.LeaveView.as_view(), name="encounter_leave"),
    path("visits/<uuid:pk>/admit/", staying.AdmitView.as_view(), name="encounter_admit"),
    path("visits/<uuid:pk>/room/", staying.RoomView.as_view(), name="encounter_room"),
    path("visits/<uuid:pk>/hand-over/", staying.HandOverView.as_view(), name="encounter_hand_over"),
    path(
        "visits/hand-over/",
        handing_over.encounter_hand_over_all,
        name="encounter_hand_over_all",
    ),
    path("visits/<uuid:pk>/close/", closing.CloseView.as_view(), name="encounter_close"),
    path("visits/<uuid:pk>/cancel/", closing.CancelView.as_view(), name="encounter_cancel"),
    path("visits/<uuid:pk>/uncancel/", steps.encounter_uncancel, name="encounter_uncancel"),
    path("visits/<uuid:pk>/reopen/", closing.ReopenView.as_view(), name="encounter_reopen"),
    path("visits/<uuid:pk>/times/", closing.TimesView.as_view(), name="encounter_times"),
    path("visits/<uuid:pk>/error/", errors.ErrorView.as_view(), name="encounter_error"),
    path("visits/<uuid:pk>/restore/", errors.RestoreView.as_view(), name="encounter_restore"),
    path(
        "visits/<uuid:encounter_pk>/diagnoses/add/", diagnoses.diagnosis_add, name="diagnosis_add"
    ),
    path("diagnoses/<uuid:pk>/", diagnoses.diagnosis_edit, name="diagnosis_edit"),
    path("diagnoses/<uuid:pk>/error/", diagnoses.diagnosis_error, name="diagnosis_error"),
    path("patients/<uuid:patient_pk>/problems/add/", problems.problem_add, name="problem_add"),
    path("problems/<uuid:pk>/resolve/", problems.problem_resolve, name="problem_resolve"),
    path("problems/<uuid:pk>/unresolve/", problems.problem_unresolve, name="problem_unresolve"),
    path("diagnoses/<uuid:pk>/promote/", diagnoses.diagnosis_promote, name="diagnosis_promote"),
]
