"""
The close: what still stands between today and a clean close of a legal entity's period, who does
what about it, and the names under it.
"""
