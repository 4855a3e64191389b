"""Today, and what was left open on earlier days."""

import datetime as dt
import uuid
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods

from clinik import audit, clock
from clinik.pages import key_in, wants_fragment, words_of
from clinik.transitions import StaleVersion, TransitionError
from encounters import lifecycle
from encounters.models import Encounter
from encounters.models.encounter import CancelReason, Status
from records.board import Board, Filters, from_earlier_days, load_board

POLL_HEADER = "X-Clinik-Poll"
EARLIER_SHOWN = 50


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
    is_poll = bool(request.headers.get(POLL_HEADER))
    if not is_poll:  # a poll is no act of a person
        audit.record_list("board", by=request.user, found=board.total)
    if is_poll or wants_fragment(request):
        return render(request, "records/_board.html", context)
    return render(request, "records/board_today.html", context)


def _day(text: str) -> dt.date:
    """The day the URL names; today where it names none that exists."""
    try:
        day = dt.date.fromisoformat(text)
    except ValueError:
        return clock.today()
    # The day before and the day after are offered too.
    return day if dt.MINYEAR < day.year < dt.MAXYEAR else clock.today()


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


@require_http_methods(["GET", "HEAD", "POST"])
@permission_required("encounters.view_encounter", raise_exception=True)
def board_earlier(request: HttpRequest) -> HttpResponse:
    """What is still open, or was never arrived, from earlier days, oldest first.

    POST: the chosen planned visits get "did not attend". Each is cancelled by itself, so that one
    that somebody has moved on meanwhile does not hold up the others.
    """
    left = Encounter.objects.named_to(request.user).filter(from_earlier_days())
    if request.method == "POST":
        if not request.user.has_perm("encounters.cancel_encounter"):
            raise PermissionDenied
        chosen = [pk for pk in map(key_in, request.POST.getlist("visit")) if pk]
        planned = left.filter(pk__in=chosen[:EARLIER_SHOWN], status=Status.PLANNED)
        _did_not_attend(request, list(planned.select_related("patient")))
        return redirect("records:board_earlier")
    after = _cursor(request.GET.get("after", ""))
    if after:
        left = left.filter(Q(date__gt=after[0]) | Q(date=after[0], pk__gt=after[1]))
    rows = list(
        left.select_related("patient", "practitioner").order_by("date", "id")[: EARLIER_SHOWN + 1]
    )
    shown = rows[:EARLIER_SHOWN]
    last = shown[-1] if len(rows) > EARLIER_SHOWN else None
    audit.record_list("board_earlier", by=request.user, found=len(shown))
    context = {
        "visits": shown,
        "next": f"{last.date.isoformat()}_{last.pk}" if last else "",
        "first_page": not after,
        "can_cancel": request.user.has_perm("encounters.cancel_encounter"),
    }
    return render(request, "records/board_earlier.html", context)


def _did_not_attend(request: HttpRequest, planned: list[Encounter]) -> None:
    done = 0
    for visit in planned:
        try:
            lifecycle.cancel(
                visit,
                by=request.user,
                reason=CancelReason.DID_NOT_ATTEND,
                version=visit.version,
            )
        except (TransitionError, StaleVersion, ValidationError) as error:
            said = {"name": visit.patient.name, "why": " ".join(words_of(error))}
            messages.error(request, _("%(name)s: %(why)s") % said)
        else:
            done += 1
    if done:
        words = ngettext(
            "%(n)d visit is now “did not attend”.", "%(n)d visits are now “did not attend”.", done
        )
        messages.success(request, words % {"n": done})
    elif not planned:
        messages.info(request, _("Nothing was chosen that could still be changed."))


def _cursor(text: str) -> tuple[dt.datetime, uuid.UUID] | None:
    """Date and key of the last row of the page before; None for the first page."""
    when, _sep, key = text.rpartition("_")
    pk = key_in(key)
    try:
        moment = dt.datetime.fromisoformat(when)
    except ValueError:
        return None
    return (moment, pk) if pk and moment.tzinfo else None
