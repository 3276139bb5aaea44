"""
Alerts on what it costs: rules as data over a few measures (``measures.py``), looked at every half
minute by the workers, told through ``revops.notices``, and tried on the last thirty days before
anybody is told.

    measures.py   what can be measured, each one statement for all legal entities
    deciding.py   when an alert begins and ends; pure, so a trial decides as the worker does
    operations/   making rules, looking, telling, acknowledging
    queries/      readings, the trial, the list with its noise
"""
