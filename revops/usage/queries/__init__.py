"""
Reading usage. For colleagues of other packages: ``unbilled``, ``billed``, ``billable_lines`` and
``customer_usage`` (``interfaces``).
"""
