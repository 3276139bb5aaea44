"""
A stand-in for Tryton 8.2 in its own wire form, with faults that can be switched on.

It answers what the connector asks, as the real server was seen to; ``behaviour.py`` and
``refusing.py`` beside this package run the same tests against both.
"""

from connectors.systems.tryton.sandbox.app import API_KEY, PASSWORD, build, for_connection

__all__ = ["API_KEY", "PASSWORD", "build", "for_connection"]
