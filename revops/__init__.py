"""
The project package. Where does a webhook become a journal? In ``revops/pipeline/``.

The map of the house, with its arrows, is in ``docs/architecture.md``.
"""
