"""How long a login lasts: locked after a time without use, at the latest after a day's work.

A locked session is kept and shows nothing: its browser is nobody until the same person logs in
again, and then goes on where it stood. Another person's login throws it away.

A request counts as use unless it says that it is a poll (POLL): the board's and the header's
counts, and saving again what could not be saved. Saving what was typed just now is use.
"""

import re
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from clinik import audit, clock
from clinik.session_store import ADDRESS, AGENT, AGENT_LENGTH, BEGAN, LOCKED, SEEN, Session

# A request header: nobody touched anything.
POLL = "X-Clinik-Poll"
# Seconds between two writes of when a session was last used.
WRITE_EVERY = 60
# Pages about a login: passwords typed there are kept nowhere.
ACCOUNT = "/account/"
# A form that was sent from a locked session: kept in it until its owner is back.
KEPT = "kept"


def begin(sender: Any, *, request: HttpRequest, user: Any, **kwargs: Any) -> None:
    """Receiver: somebody logged in, or back in."""
    session, now = request.session, clock.now().timestamp()
    if session.pop(LOCKED, None):
        # Django keeps the key where the same person comes back.
        session.cycle_key()
    session[BEGAN] = session[SEEN] = now
    session[ADDRESS] = audit.address_of(request)
    session[AGENT] = request.META.get("HTTP_USER_AGENT", "")[:AGENT_LENGTH]
    session.clear_expired()


def limit_reached(session: Any, now: float) -> str:
    """Which time-out a session has reached: "idle", "absolute" or none."""
    if now - session.get(BEGAN, now) > settings.CLINIK_SESSION_HOURS * 3600:
        return "absolute"
    if now - session.get(SEEN, now) > settings.CLINIK_IDLE_MINUTES * 60:
        return "idle"
    return ""


def lock(request: HttpRequest, why: str) -> None:
    """Nothing of this session is shown until its owner logs in again."""
    request.session[LOCKED] = why
    audit.record_login("user.lock", request.user, by=request.user, detail={"why": why})


def of(user: Any) -> QuerySet[Session]:
    """Where this user is logged in, the last used first."""
    return Session.objects.filter(user=user, expire_date__gt=clock.now()).order_by("-seen")


def end(user: Any, handle: str) -> bool:
    """End one session of a user, at once; False where it is over already."""
    for session in of(user):
        if session.handle == handle:
            session.delete()
            return True
    return False


def end_all(user: Any, *, but: str | None = None) -> int:
    """End all sessions of a user, at once, but the one of this key; how many there were."""
    return Session.objects.filter(user=user).exclude(session_key=but or "").delete()[0]


# The first that fits: each names itself after those below it.
_BROWSERS = {
    "Edg": "Edge",
    "OPR/": "Opera",
    "Firefox/": "Firefox",
    "Chrome/": "Chrome",
    "Safari/": "Safari",
}
_SYSTEMS = {
    "Windows": "Windows",
    "Android": "Android",
    "iPhone|iPad": "iOS",
    "Mac OS X": "macOS",
    "CrOS": "ChromeOS",
    "Linux": "Linux",
}


def browser_in_words(agent: str) -> str:
    """ "Firefox, Windows": enough to tell one's own machines apart."""
    found = [
        next((name for pattern, name in names.items() if re.search(pattern, agent)), "")
        for names in (_BROWSERS, _SYSTEMS)
    ]
    return ", ".join(filter(None, found)) or _("unknown browser")


class SessionMiddleware:
    """Locks what was left alone too long, and lets nobody see anything of what is locked."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Any, args: Any, kwargs: Any
    ) -> HttpResponse | None:
        # Whether we are alive is told without asking the database who asks.
        if getattr(view, "needs_no_session", False):
            request.user = AnonymousUser()
        if not request.user.is_authenticated:
            return None
        session, now = request.session, clock.now().timestamp()
        if LOCKED not in session and (why := limit_reached(session, now)):
            lock(request, why)
        if LOCKED in session:
            request.user = AnonymousUser()
            return _keep_form(request, view)
        if request.headers.get(POLL) is None and now - session.get(SEEN, 0) > WRITE_EVERY:
            session[SEEN] = now
        if request.method == "POST" and session.get(KEPT, {}).get("path") == _path(request):
            del session[KEPT]
        return None


def _path(request: HttpRequest) -> str:
    """With its query: a form's says which of a page's forms it is."""
    return request.get_full_path()


def fields_sent(request: HttpRequest) -> list[tuple[str, list[Any]]] | None:
    """What a form said that a browser itself sent, to be sent again once it can be taken.

    None for what a script sent, and for forms with passwords, which are kept nowhere.
    """
    by_script = "X-Requested-With" in request.headers or "HX-Request" in request.headers
    if request.method != "POST" or by_script or request.path.startswith(ACCOUNT):
        return None
    if any("password" in name for name in request.POST):
        return None
    return [pair for pair in request.POST.lists() if pair[0] != "csrfmiddlewaretoken"]


def _keep_form(request: HttpRequest, view: Any) -> HttpResponse | None:
    """A form sent by a browser itself is kept in the locked session, and its owner led back to it.

    What a script sends stays in its page, which asks for the login there.
    """
    fields = fields_sent(request)
    if fields is None or not getattr(view, "login_required", True):
        return None
    request.session[KEPT] = {
        "path": _path(request),
        "at": clock.now().isoformat(),
        "fields": fields,
    }
    back = urlencode({"next": reverse("session_kept")})
    return redirect(f"{reverse('account_login')}?{back}")
