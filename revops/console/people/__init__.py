"""
People and the roles they hold: who may do what where, changes that a second administrator agrees
to, what is lent in an emergency, and the list that is reviewed every quarter.
"""
