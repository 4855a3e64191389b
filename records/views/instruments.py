"""Questionnaires: PHQ-9 and GAD-7, each on a page of its own."""

import uuid

from django.contrib.auth.decorators import permission_required
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from clinik import audit
from clinik.forms import Repeated, already_made, once
from clinik.pages import add_errors
from encounters.banner import for_patient
from encounters.models import Encounter
from records.forms.instruments import InstrumentForm
from records.instruments import instrument, record_instrument
from records.models import Observation
from records.observations_section import ObservationsSection
from records.views.adding import visit_for_chart, visit_url


@permission_required("records.add_observation", raise_exception=True)
@require_http_methods(["GET", "HEAD", "POST"])
def instrument_add(
    request: HttpRequest, encounter_pk: uuid.UUID, instrument_key: str
) -> HttpResponse:
    """GET asks the questions, POST stores the score; a critical one leads to what was done."""
    encounter = visit_for_chart(request, encounter_pk)
    try:
        asked = instrument(instrument_key)
    except KeyError as error:
        raise Http404 from error
    posted = request.method == "POST"
    form = InstrumentForm(request.POST if posted else None, patient=encounter.patient, asked=asked)
    status = 200
    if not posted:
        audit.record_view(encounter, by=request.user)
    elif form.is_valid():
        try:
            made = _save(form, encounter, request)
        except Repeated as error:
            form.add_error(None, str(error))
            status = 409
        except ValidationError as error:
            add_errors(form, error)
            status = 422
        else:
            if made.interpretation == "AA" and made.seen_at is None:
                return redirect("records:observation_seen", pk=made.pk)
            return redirect(visit_url(encounter, ObservationsSection.anchor))
    else:
        status = 422
    context = {
        "form": form,
        "asked": asked,
        "encounter": encounter,
        "banner": for_patient(encounter.patient, request.user),
    }
    return render(request, "records/instrument_add.html", context, status=status)


def _save(form: InstrumentForm, encounter: Encounter, request: HttpRequest) -> Observation:
    answers = form.answers()
    owners = {
        "encounter_id": encounter.pk,
        "entered_by_id": request.user.pk,
        "code_code": form.asked.code,
    }

    def find() -> Observation | None:
        found = already_made(Observation, form.row_id, owners=owners, same={})
        if found is not None:
            before = found.components.order_by("position").values_list("value", flat=True)
            if list(before) != [str(points) for points in answers]:
                raise Repeated(found)
        return found

    made: Observation = once(
        find,
        lambda: record_instrument(
            encounter, by=request.user, key=form.asked.key, answers=answers, id=form.row_id
        ),
    )
    return made
