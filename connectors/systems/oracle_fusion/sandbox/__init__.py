"""
A stand-in for a pod of Oracle Fusion in its own wire form, with faults that can be switched on.

Its REST reads ``q`` as Fusion does, its journal import reads the file by position and rejects a
group as a whole, and posting is a step of its own.
"""

from connectors.systems.oracle_fusion.sandbox.app import PASSWORD, USERNAME, build, for_connection

__all__ = ["PASSWORD", "USERNAME", "build", "for_connection"]
