"""The front desk's pages."""

from django.urls import path

from encounters.views import search

app_name = "encounters"

urlpatterns = [
    path("visits/", search.encounter_list, name="encounter_list"),
]
