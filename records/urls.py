"""The chart's pages."""

from django.urls import URLPattern, path

from records.views import board

app_name = "records"

urlpatterns: list[URLPattern] = [
    path("", board.board_today, name="board_today"),
]
