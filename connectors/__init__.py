"""
Connections to other systems: the contract that each connector keeps, and how they are found.

``contract``, ``manifest``, ``registry`` and ``http`` are pure (no Django or Celery), so
that a connector is one folder under ``systems/`` that knows nothing of the console.
"""
