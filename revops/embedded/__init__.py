"""PostgreSQL, Valkey and the product's processes, on one machine and without an installation.

For a demo, for development and for tests; a production installation brings its own servers and its
own process manager. Nothing here knows Django, so that it runs before the settings can be read.

    trouble      the one-line reason why something cannot start
    account      who the servers run as when we are root
    home         the folder that holds data, logs and secrets
    programs     one process: how it starts and how it is stopped
    pgbinaries   where a PostgreSQL is found, and how a new cluster is made
    postgres     the PostgreSQL server over those binaries
    valkey       the Valkey (or Redis) server over a found binary
    stack        both of them, or what `DATABASE_URL` and `REDIS_URL` name
    supervisor   keeps processes alive and stops them in reverse order
    preflight    what must be true before anything starts
    product      the plan: migrate, seed, sandbox servers, worker, beat, web
    run          what `make run` does
    command      one command with the servers up, as `make test` needs it
    __main__     `python -m revops.embedded run|up|down|status|env|exec`
"""
