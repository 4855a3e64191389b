"""Small things every page answers with."""

import uuid
from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme

from clinik.forms import Repeated
from clinik.transitions import StaleVersion, TransitionError


def wants_fragment(request: HttpRequest) -> bool:
    """Whether htmx asks for a piece of a page (a boosted link asks for the whole)."""
    htmx: Any = getattr(request, "htmx", None)
    return bool(htmx) and not htmx.boosted


def message_with_undo(request: HttpRequest, text: str, url: str) -> None:
    """Say what was done, with an Undo button beside it (a POST to `url`)."""
    messages.success(request, text, extra_tags=f"undo:{url}")


def next_url(request: HttpRequest, fallback: str, *args: Any) -> str:
    """Where a form came from (`next`), if that is one of our own pages; else `fallback`."""
    return came_from(request) or reverse(fallback, args=args)


def came_from(request: HttpRequest) -> str:
    """The page of ours that a form names as its own (`next`); empty where it names none."""
    wanted = request.POST.get("next") or request.GET.get("next") or ""
    own = url_has_allowed_host_and_scheme(
        wanted, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return wanted if wanted.startswith("/") and own else ""


def number_in(text: str) -> int | None:
    """A whole number of an address or a hidden field; None where it is none, or beyond any use."""
    return int(text) if text.isdecimal() and len(text) < 10 else None


def key_in(text: str) -> uuid.UUID | None:
    """A row's key in an address or a hidden field; None where it is none."""
    try:
        return uuid.UUID(text)
    except ValueError:
        return None


def words_of(error: Exception) -> list[str]:
    """What a refused verb says to a person."""
    if isinstance(error, ValidationError):
        return [str(message) for message in error.messages]
    if isinstance(error, TransitionError | StaleVersion):
        return [str(error)]
    raise error


def acted(form: Any, verb: Callable[[], object]) -> bool:
    """Do what a form asks for; where the verb refuses, False with the reason on the form."""
    try:
        verb()
    except Repeated as error:
        form.add_error(None, f"{error} {error.row}")
        return False
    except (ValidationError, StaleVersion, TransitionError) as error:
        add_errors(form, error)
        return False
    return True


def add_errors(form: Any, error: Exception) -> None:
    """Put a verb's refusal onto the form: at its fields where it names fields the form has."""
    if isinstance(error, ValidationError) and hasattr(error, "error_dict"):
        for name, errors in error.error_dict.items():
            form.add_error(name if name in form.fields else None, errors)
        return
    for text in words_of(error):
        form.add_error(None, text)
