"""What the close keeps. Amounts are minor units of the currency beside them; days are dates."""

from __future__ import annotations

from revops.close.models.certificates import Certificate
from revops.close.models.late import LateChoice, LatePolicy
from revops.close.models.samples import ReadinessSample
from revops.close.models.settings import CloseCalendar, TaskTemplate
from revops.close.models.signing import PeriodSignOff, Waiver
from revops.close.models.tasks import Task, TaskMove

__all__ = (
    "Certificate", "CloseCalendar", "LateChoice", "LatePolicy", "PeriodSignOff", "ReadinessSample",
    "Task", "TaskMove", "TaskTemplate", "Waiver",
)  # fmt: skip
