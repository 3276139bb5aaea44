"""
Reading usage. For colleagues of other packages: ``interfaces`` (``unbilled``, ``billable_lines``,
``line_of_ref``, ``customer_usage``, ``billed_refs``).
"""
