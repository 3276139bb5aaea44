"""PostgreSQL, Valkey and the product's processes, on one machine and without an installation.

For a demo, for development and for tests; a production installation brings its own servers and its
own process manager. Nothing here knows Django, so that it runs before the settings can be read.

    trouble      the one-line reason why something cannot start
    account      who the servers run as when we are root
    home         the folder that holds data, logs and secrets
    programs     one process: how it starts and how it is stopped
    postgres     the PostgreSQL server over found binaries
    valkey       the Valkey (or Redis) server over a found binary
    stack        both of them, or what `DATABASE_URL` and `REDIS_URL` name
    supervisor   keeps processes alive and stops them in reverse order
    preflight    what must be true before anything starts
    run          what `make run` does
    __main__     `python -m revops.embedded run|up|down|status|env|exec`
"""
