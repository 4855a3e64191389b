"""Today, and what was left open on earlier days."""

import datetime as dt
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET

from clinik import clock
from clinik.pages import wants_fragment
from records.board import Board, Filters, load_board

POLL_HEADER = "X-Clinik-Poll"


@require_GET
def board_today(request: HttpRequest) -> HttpResponse:
    """The clinic's day. A poll says which version it shows; the same one again answers 204."""
    if not request.user.has_perm("encounters.view_encounter"):
        # An auditor lands here after login and works on people, not on the day.
        return redirect("encounters:patient_list")
    filters = Filters(
        day=_day(request.GET.get("date", "")),
        mine=request.GET.get("mine") == "1",
        room=request.GET.get("room", "")[:200],
    )
    board = load_board(request.user, filters)
    version = board.version
    if request.GET.get("version") == version:
        return HttpResponse(status=204)
    context = {"board": board, "version": version, "links": _links(board)}
    if request.headers.get(POLL_HEADER) or wants_fragment(request):
        return render(request, "records/_board.html", context)
    return render(request, "records/board_today.html", context)


def _day(text: str) -> dt.date:
    """The day the URL names; today where it names none that exists."""
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        return clock.today()


def _links(board: Board) -> dict[str, Any]:
    """The board's own addresses, each with one thing changed."""
    filters = board.filters
    yesterday, tomorrow = (filters.day + dt.timedelta(days=step) for step in (-1, 1))
    return {
        "here": _url(filters),
        "mine": _url(Filters(filters.day, not filters.mine, filters.room)),
        "all_rooms": _url(Filters(filters.day, filters.mine)),
        "rooms": [(room, _url(Filters(filters.day, filters.mine, room))) for room in board.rooms],
        "yesterday": _url(Filters(yesterday, filters.mine, filters.room)),
        "tomorrow": _url(Filters(tomorrow, filters.mine, filters.room)),
        "today": _url(Filters(clock.today(), filters.mine, filters.room)),
    }


def _url(filters: Filters) -> str:
    query = {
        "date": filters.day.isoformat() if filters.day != clock.today() else "",
        "mine": "1" if filters.mine else "",
        "room": filters.room,
    }
    chosen = urlencode({name: value for name, value in query.items() if value})
    return reverse("records:board_today") + (f"?{chosen}" if chosen else "")
