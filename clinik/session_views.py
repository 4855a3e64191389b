"""Where one is logged in, the locked screen, and what was sent from behind it."""

import datetime as dt
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.db import transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.middleware.csrf import get_token
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme, urlencode
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from clinik import audit, sessions


@require_GET
@login_not_required
def session_state(request: HttpRequest) -> HttpResponse:
    """Who is logged in in this browser, for the scripts of its pages, and a token for their forms.

    Asked without the header of a poll it tells the server that somebody is at work.
    """
    user = request.user
    return JsonResponse(
        {"user": user.pk if user.is_authenticated else None, "token": get_token(request)}
    )


@require_POST
def session_lock(request: HttpRequest) -> HttpResponse:
    """Lock the screen; `next` is where its owner goes on. The scripts of a page stay on it."""
    sessions.lock(request, "idle" if request.POST.get("idle") else "by hand")
    going_on = request.POST.get("next", "")
    if not url_has_allowed_host_and_scheme(going_on, allowed_hosts=None):
        going_on = "/"
    return redirect(f"{reverse('account_login')}?{urlencode({'next': going_on})}")


@require_GET
def session_list(request: HttpRequest) -> HttpResponse:
    """The browsers in which one is logged in."""
    here = request.session.session_key
    found = [
        {
            "handle": each.handle,
            "browser": sessions.browser_in_words(each.agent),
            "address": each.address,
            "began": each.began,
            "seen": each.seen,
            "locked": each.locked,
            "here": each.session_key == here,
        }
        for each in sessions.of(request.user)
    ]
    return render(request, "account/session_list.html", {"sessions": found})


@require_POST
def session_end(request: HttpRequest) -> HttpResponse:
    """End one of one's own sessions, or all but this one."""
    user: Any = request.user
    with transaction.atomic():
        if request.POST.get("others"):
            ended = sessions.end_all(user, but=request.session.session_key)
        else:
            ended = int(sessions.end(user, request.POST.get("session", "")))
        if ended:
            audit.record_login("user.end_sessions", user, by=user, detail={"ended": ended})
    if ended:
        said = ngettext("%(n)d session has ended.", "%(n)d sessions have ended.", ended)
        messages.success(request, said % {"n": ended})
    else:
        messages.info(request, _("It was over already."))
    return redirect("session_list")


@require_http_methods(["GET", "POST"])
def session_kept(request: HttpRequest) -> HttpResponse:
    """What was sent after the screen had been locked: to be sent now (GET), or not (POST)."""
    if request.method == "POST":
        request.session.pop(sessions.KEPT, None)
        return redirect("/")
    kept = request.session.get(sessions.KEPT)
    if not kept:
        return redirect("/")
    fields = [(name, value) for name, values in kept["fields"] for value in values]
    context = {
        "action": kept["path"],
        "at": dt.datetime.fromisoformat(kept["at"]),
        "fields": fields,
        "typed": [value for _name, value in fields if " " in value.strip()],
    }
    return render(request, "account/session_kept.html", context)
