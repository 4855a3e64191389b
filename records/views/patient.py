"""The patient's page."""

import uuid

from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_GET


@require_GET
@permission_required("encounters.view_patient", raise_exception=True)
def patient_detail(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    return HttpResponse("")
