"""To do: what waits for the person who is logged in, and how much it is."""

from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import patch_cache_control
from django.views.decorators.http import require_GET

from clinik import audit
from records.todo import load_todo

# Seconds for which the browser keeps the count: it is asked for by each page.
COUNT_KEPT = 60


@require_GET
@permission_required("encounters.view_encounter", raise_exception=True)
def todo_list(request: HttpRequest) -> HttpResponse:
    """Everything that waits, each line leading to where it is done."""
    todo = load_todo(request.user)
    audit.record_list("todo", by=request.user, found=sum(len(group.items) for group in todo.groups))
    return render(request, "records/todo_list.html", {"todo": todo})


@require_GET
@permission_required("encounters.view_encounter", raise_exception=True)
def todo_count(request: HttpRequest) -> HttpResponse:
    """How much waits, for the header; at most once a minute for each person and browser.

    It names nobody, and its address names whose count it is, so the browser may keep it.
    """
    response = render(request, "records/_todo_count.html", {"todo": load_todo(request.user)})
    patch_cache_control(response, private=True, max_age=COUNT_KEPT)
    return response
