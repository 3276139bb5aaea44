"""
Beside a closed period: what a person may do about documents that it keeps out (F18).

    placing.py    where each would be dated, and the days that were agreed to
    moving.py     a job that posts them in the next open period, once somebody else agreed
    accruing.py   what they earn in their own period, accrued there while nothing is locked
    earning.py    how much that is
    by_hand.py    what finance booked in the ERP by hand: asked for, compared, and taken as proof
    subject.py    what a manager decides
    panel.py      all of it as the fix of a cause (``exceptions/fixes.py``)

Opening the period again is ``period_end/periods.py``. Nothing is ever dated into a closed one.
"""
