"""
Setting a connection up: its settings, its credentials, its test, its use.

What is typed makes a draft, which is sent nothing and told nothing. An address goes into use when a
second administrator agreed to it; a new address ends every credential that was given for the old.
"""
