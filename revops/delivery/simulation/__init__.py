"""
A seeded simulator of delivery: the production core among crashing workers, a restarting database, a
forgetful broker and a target that answers late, twice or never.

    manage.py simulate --seeds 100

One seed is one run and always the same run. Full designs must do no harm; controls, each a design
without one of its pieces, must. It is a model around the core, not the system: what SQL and sockets
do is shown by the crash matrix and the chaos run.
"""
