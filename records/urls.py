"""The chart's pages."""

from django.urls import URLPattern, path

from records.views import board, patient, visit

app_name = "records"

urlpatterns: list[URLPattern] = [
    path("", board.board_today, name="board_today"),
    path("earlier/", board.board_earlier, name="board_earlier"),
    path("patients/<uuid:pk>/", patient.patient_detail, name="patient_detail"),
    path("visits/<uuid:pk>/", visit.encounter_detail, name="encounter_detail"),
    path("visits/<uuid:pk>/print/", visit.encounter_print, name="encounter_print"),
]
