from __future__ import annotations

import os
from typing import Any

from django.apps import AppConfig


class PipelineConfig(AppConfig):
    name = "revops.pipeline"
    label = "pipeline"

    def ready(self) -> None:
        from celery.signals import worker_process_init

        from accounts import news as accounts_news
        from approvals import news
        from approvals import subjects as approvals
        from exceptions import fixes, undoing
        from exceptions.correcting import editors
        from revops.lineage import telling
        from revops.pipeline import again, hearing, kinds, standstill
        from revops.pipeline.changes.subject import MappingChange
        from revops.pipeline.closed import moving
        from revops.pipeline.closed.panel import ClosedPeriod
        from revops.pipeline.closed.placing import KIND as PERIOD_CLOSED
        from revops.pipeline.closed.subject import LatePosting
        from revops.pipeline.correcting import LineEditor
        from revops.pipeline.fixing import customers, places
        from revops.pipeline.fixing.maps import MissingMap
        from revops.pipeline.flows.capabilities import CAPABILITIES
        from revops.pipeline.metering import following
        from revops.pipeline.metering import kinds as metering_kinds
        from revops.pipeline.partial import acts as partial
        from revops.pipeline.partial.subject import PartialPosting
        from revops.pipeline.period_end import metered, usage
        from revops.pipeline.privacy.subject import PersonErasure
        from revops.pipeline.problems import NO_MAP
        from revops.pipeline.replay import kind as replaying
        from revops.pipeline.replay.subject import EventReplay
        from revops.pipeline.subjects import CustomerByHand, CustomerMerge, PeriodReopening

        kinds.declare()
        standstill.declare()
        replaying.declare()
        approvals.register(EventReplay(), PartialPosting())
        partial.declare()
        undoing.declare(partial.LineUndoer())
        editors.declare(LineEditor())
        again.declare()
        moving.declare()
        approvals.register(LatePosting(), CustomerByHand())
        fixes.declare(NO_MAP, MissingMap())
        fixes.declare(PERIOD_CLOSED, ClosedPeriod())
        fixes.declare(customers.KIND, customers.UnknownCustomer())
        places.declare()
        news.listen(hearing.hear)
        accounts_news.listen(hearing.hear_of_emergency)
        approvals.register(CustomerMerge(), PeriodReopening(), MappingChange(), PersonErasure())
        metering_kinds.declare()
        following.declare()
        telling.declare({one.kind: one.title for one in CAPABILITIES.values()})
        usage.declare(metered.unbilled)
        worker_process_init.connect(_start_sweeper, weak=False)


def _start_sweeper(**_signal: Any) -> None:
    """Every worker process sweeps, so that neither the broker nor the beat is needed."""
    from revops.pipeline.sweep import Sweeper

    Sweeper(f"sweeper:{os.uname().nodename}:{os.getpid()}").start()
