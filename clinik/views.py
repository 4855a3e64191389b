"""Pages that belong to no app: one's own preferences, and what is said when something went wrong.

The latter must be able to answer when the database cannot, so they are rendered without asking it
anything: no user, no messages.
"""

import sys
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent
from django.db import InterfaceError, OperationalError, transaction
from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import get_token
from django.shortcuts import redirect, render
from django.template import loader
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from clinik import audit, sessions
from clinik.models import User

# The database does not answer, or the trail cannot be written: nothing was done.
UNAVAILABLE = (OperationalError, InterfaceError, audit.AuditUnavailable)
_TOO_LARGE = (RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent)


class PreferencesForm(forms.ModelForm):
    class Meta:
        model = User
        fields = ["single_keys"]


@require_http_methods(["GET", "POST"])
def preferences(request: HttpRequest) -> HttpResponse:
    """What each person sets for themselves, whatever their role."""
    user: Any = request.user
    if request.method != "POST":
        return render(request, "account/preferences.html", {"form": PreferencesForm(instance=user)})
    with transaction.atomic():
        fresh: Any = User.objects.select_for_update().get(pk=user.pk)
        form = PreferencesForm(request.POST, instance=fresh)
        if form.is_valid() and form.has_changed():
            fresh.version += 1
            fresh._history_user = fresh
            form.save()
            audit.record("user.change", fresh, by=fresh, fields=form.changed_data)
    messages.success(request, _("Your preferences are saved."))
    return redirect("preferences")


def _plain(request: HttpRequest, template: str, status: int, **context: object) -> HttpResponse:
    page = loader.get_template(template).render({"request": request, **context})
    return HttpResponse(page, status=status)


def _sent(request: HttpRequest) -> dict[str, Any]:
    """A form that met an error, for the page to show what was typed and to send it again.

    Only what has passed the check for forged forms: else another site could have its form sent
    again with our token. Asks no database.
    """
    checked = getattr(request, "csrf_processing_done", False)
    sent = sessions.fields_sent(request) if checked else None
    if sent is None:
        return {}
    fields = [(name, value) for name, values in sent for value in values]
    return {
        "action": request.get_full_path(),
        "fields": fields,
        "typed": [value for _name, value in fields if " " in value.strip()],
        "csrf_token": get_token(request),
    }


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form from before the login was renewed: say so, instead of "forbidden"."""
    return _plain(request, "403_csrf.html", 403)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """What the browser sent could not be read, or was more than is taken."""
    if isinstance(exception, _TOO_LARGE):
        return _plain(request, "400.html", 413, too_large=True)
    return _plain(request, "400.html", 400)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Not for this role. Of a form that was sent all the same (the role was changed while it was
    written in) the words come back, to be copied."""
    return _plain(request, "403.html", 403, typed=_sent(request).get("typed", ()))


def cut_off(request: HttpRequest) -> HttpResponse:
    """Less came than was announced; hardly anybody is there to read it."""
    return _plain(request, "400.html", 400)


def server_error(request: HttpRequest) -> HttpResponse:
    """An error of ours; the page bears the id that the log bears.

    Called while it is handled. Who is logged in is asked before any view, so a database that does
    not answer ends up here too.
    """
    if isinstance(sys.exception(), UNAVAILABLE):
        return unavailable(request)
    return _plain(request, "500.html", 500, **_sent(request))


def unavailable(request: HttpRequest) -> HttpResponse:
    """The database does not answer, or the audit trail cannot be written: nothing was done.

    Or it was, and only what follows could not be written (the session): sent again, a form acts
    once in either case.
    """
    response = _plain(request, "503.html", 503, **_sent(request))
    response["Retry-After"] = "30"
    return response


def conflict(request: HttpRequest, words: str) -> HttpResponse:
    """Somebody was quicker, and the page has no form to show it in."""
    return _plain(request, "409.html", 409, words=words)
