"""
The close: what still stands between today and a clean close of a legal entity's period, who does
what about it, and the names under it.

    areas.py       the eight areas, and which one must act on a case
    workdays.py    working days and holidays (pure)
    deciding.py    from evidence to states and sentences (pure)
    forecast.py    when it will be clean, from how long causes took (pure)
    readiness.py   ``of(entity, period)``: the whole answer, from the database
    queries/       evidence, causes, tasks, signatures, samples, trends
    operations/    tasks, waivers, signing, late events, samples, settings
    views/         the close of a period, of one legal entity, trends, settings

A signature of the preparer closes a period softly: nothing more is posted into it unless somebody
chooses so. The reviewer's closes it for good. The calendar itself is in ``revops/mappings``, the
act on it in ``revops/pipeline/period_end/periods.py``.
"""
