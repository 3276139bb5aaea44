"""The run that an address names."""

from __future__ import annotations

from django.http import Http404

from revops.reconciliation.models import Run


def run_of(number: int) -> Run:
    """Raises Http404 also for a run of a legal entity that the person does not see."""
    rows = Run.objects.select_related("pair__left", "pair__right", "legal_entity", "rules")
    run = rows.filter(number=number).first()
    if run is None:
        raise Http404("There is no such run.")
    return run
