"""The front desk's pages."""

from django.urls import path

from encounters.views import allergies, patients, practitioners, search

app_name = "encounters"

urlpatterns = [
    path("patients/", patients.patient_list, name="patient_list"),
    path("patients/find/", patients.patient_find, name="patient_find"),
    path("patients/new/", patients.patient_register, name="patient_register"),
    path("patients/duplicates/", patients.patient_duplicates, name="patient_duplicates"),
    path("patients/<uuid:pk>/edit/", patients.patient_edit, name="patient_edit"),
    path("patients/<uuid:pk>/not-same/", patients.patient_not_same, name="patient_not_same"),
    path("patients/<uuid:patient_pk>/allergies/add/", allergies.allergy_add, name="allergy_add"),
    path("patients/<uuid:patient_pk>/allergies/none/", allergies.allergy_none, name="allergy_none"),
    path("allergies/<uuid:pk>/", allergies.allergy_edit, name="allergy_edit"),
    path("allergies/<uuid:pk>/error/", allergies.allergy_error, name="allergy_error"),
    path("practitioners/find/", practitioners.practitioner_find, name="practitioner_find"),
    path("visits/", search.encounter_list, name="encounter_list"),
]
