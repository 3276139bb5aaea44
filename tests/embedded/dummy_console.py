"""A console of small processes, run as a program of its own: HOME PORT [--broken-step]."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from revops.embedded.account import server_account
from revops.embedded.home import open_home
from revops.embedded.product import Product
from revops.embedded.programs import Program
from revops.embedded.run import run
from revops.embedded.stack import Environment, Services
from revops.embedded.supervisor import Patience, Supervisor
from revops.embedded.trouble import CannotStart

WEB = """
import http.server, sys
class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200); self.end_headers(); self.wfile.write(b'ok')
    def log_message(self, *_words): pass
http.server.ThreadingHTTPServer(('127.0.0.1', int(sys.argv[1])), Answer).serve_forever()
"""
# As Celery does, it ends its children when it is asked to stop.
WORKER = """
import signal, subprocess, sys, time
child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(120)'])
def end(*_words): child.terminate(); sys.exit()
signal.signal(signal.SIGTERM, end); time.sleep(120)
"""
CONNECTS = "import os, psycopg; psycopg.connect(os.environ['DATABASE_URL']).close()"


def say(line: str) -> None:
    print(line, flush=True)


def main(home_path: str, port: str, step: str = CONNECTS) -> int:
    try:
        home = open_home(Path(home_path), server_account())

        def product(environment: Environment) -> Product:
            def program(name: str, code: str, *words: str) -> Program:
                variables = {**os.environ, **environment.variables()}
                argv = (sys.executable, "-c", code, *words)
                return Program(name, argv, home.log(name), variables, home.root)

            return Product(
                address=f"http://127.0.0.1:{port}/",
                ready=f"http://127.0.0.1:{port}/readyz",
                steps=(program("migrate", step),),
                processes=(program("worker", WORKER), program("web", WEB, port)),
                sign_ins=program("sign-ins", "print('ada@example.test  pass word  controller')"),
            )

        keeper = Supervisor(say, patience=Patience(first_pause=0.1))
        run(services=Services(home), make_product=product, say=say, supervisor=keeper)
    except CannotStart as trouble:
        print(trouble, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
