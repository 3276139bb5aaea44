"""
What everybody gets at every address: said here, row by row, and never computed from the code
under test. A new address, or another answer, is a decision: it is written down here, too.

Columns are the roles: finance, manager, revops, support, admin, auditor, nobody (signed in, without
a role). ``own``: somebody of one legal entity asks for what is its; ``other``: the same person asks
for what is another entity's; ``all``: somebody of all entities asks (when there is no such row,
they get what ``own`` says). 403 comes before 404: a role that may not do a thing at all learns that
first. 409 and 422 let the person in, and refuse what was typed or the state of the thing.

A method that has no row is answered with 405 to who may use the address, with 403 to who may not.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from tests.access import closing, connecting, reconciling, sealing, watching

ROLES: Final = ("finance", "manager", "revops", "support", "admin", "auditor", "nobody")


@dataclass(frozen=True, slots=True)
class Row:
    """``whose`` is own, other, all, mine or others; ``scope`` that of a service's address."""

    method: str
    address: str
    whose: str
    answers: tuple[int, ...]
    scope: str = ""

    def __str__(self) -> str:
        return f"{self.method} {self.address} {self.whose or self.scope}"


def _read(table: str) -> tuple[Row, ...]:
    rows = []
    for line in table.strip().splitlines():
        method, address, whose, *told = line.split()
        answers = tuple(int(one) for one in told)
        scope = whose if ":" in whose else ""
        rows.append(Row(method, address, "" if scope else whose, answers, scope))
    return tuple(rows)


#                                                          fin mgr rev sup adm aud nobody
OTHERS: Final = (
    watching.PERSONS + closing.PERSONS + reconciling.PERSONS + sealing.PERSONS + connecting.PERSONS
)
PERSONS: Final = _read(
    OTHERS
    + """\
GET  /                                                own   200 200 200 200 200 200 403
GET  /find                                            own   200 200 200 403 200 200 403
GET  /bulk/                                           own   200 200 200 403 200 200 403
GET  /bulk/BLK-<int:number>/                          own   200 200 200 403 200 200 403
GET  /bulk/BLK-<int:number>/                          other 404 404 404 403 404 404 403
POST /bulk/BLK-<int:number>/job.csv                   own   200 200 200 403 200 200 403
POST /bulk/BLK-<int:number>/job.csv                   other 404 404 404 403 404 404 403
POST /bulk/BLK-<int:number>/start                     own   422 422 422 403 403 403 403
POST /bulk/BLK-<int:number>/start                     other 404 404 404 403 404 403 403
POST /bulk/BLK-<int:number>/<slug:what>/              own   302 302 302 403 403 403 403
POST /bulk/BLK-<int:number>/<slug:what>/              other 404 404 404 403 404 403 403
GET  /exceptions/arrivals                             own   200 200 200 403 403 200 403
GET  /exceptions/work                                 own   302 302 302 403 403 302 403
POST /exceptions/bulk                                 own   422 422 422 403 403 403 403
POST /exceptions/take                                 own   422 422 422 403 403 403 403
POST /exceptions/views/save                           own   302 302 302 403 403 302 403
POST /exceptions/views/delete                         own   404 404 404 403 403 404 403
GET  /customers/                                      own   200 200 200 200 403 200 403
GET  /customers/duplicates/                           own   200 200 200 200 403 200 403
GET  /customers/duplicates/<int:id>/                  own   200 200 200 200 403 200 403
GET  /customers/duplicates/<int:id>/                  other 404 404 404 404 403 404 403
POST /customers/duplicates/<int:id>/decide            own   403 403 403 403 403 403 403
POST /customers/duplicates/<int:id>/decide            all   403 422 422 403 403 403 403
GET  /customers/duplicates/merges/<int:id>/           own   200 200 200 200 403 200 403
GET  /customers/duplicates/merges/<int:id>/           other 404 404 404 404 403 404 403
POST /customers/duplicates/merges/<int:id>/unmerge    own   403 403 403 403 403 403 403
POST /customers/duplicates/merges/<int:id>/unmerge    all   403 422 422 403 403 403 403
GET  /customers/<int:id>/parent/                      own   403 403 403 403 403 403 403
GET  /customers/<int:id>/parent/                      all   403 200 200 403 403 403 403
POST /customers/<int:id>/parent/                      own   403 403 403 403 403 403 403
POST /customers/<int:id>/parent/                      all   403 422 422 403 403 403 403
GET  /customers/<int:id>/                             own   200 200 200 200 403 200 403
GET  /customers/<int:id>/                             other 404 404 404 404 403 404 403
POST /customers/<int:id>/reveal                       own   302 302 403 403 403 403 403
POST /customers/<int:id>/reveal                       other 404 404 403 403 403 403 403
POST /records/<slug:kind>/<int:id>/reveal             own   302 302 403 403 403 403 403
POST /records/<slug:kind>/<int:id>/reveal             other 404 404 403 403 403 403 403
GET  /personal-data/                                  own   403 403 403 403 403 403 403
GET  /personal-data/                                  all   403 200 403 403 200 403 403
POST /personal-data/                                  own   403 403 403 403 403 403 403
POST /personal-data/                                  all   403 302 403 403 302 403 403
POST /users/<int:id>/reveal                           own   403 403 403 403 403 403 403
POST /users/<int:id>/reveal                           all   403 403 403 403 403 302 403
GET  /records/<slug:kind>/<int:id>/                   own   200 200 200 200 403 200 403
GET  /records/<slug:kind>/<int:id>/                   other 404 404 404 404 403 404 403
GET  /lineage/                                        own   200 200 200 403 200 200 403
GET  /lineage/<slug:kind>/<int:id>/                   own   200 200 200 403 200 200 403
GET  /lineage/<slug:kind>/<int:id>/                   other 404 404 404 403 404 404 403
GET  /books/                                          own   200 200 200 403 403 200 403
POST /books/journals.csv                              own   200 200 200 403 403 200 403
GET  /books/schedules/                                own   200 200 200 403 403 200 403
GET  /books/schedules/<int:id>/                       own   200 200 200 403 403 200 403
GET  /books/schedules/<int:id>/                       other 404 404 404 403 403 404 403
GET  /books/deferred-revenue/                         own   200 200 200 403 403 200 403
GET  /books/trial-balance/                            own   200 200 200 403 403 200 403
GET  /books/periods/                                  own   200 200 200 403 403 200 403
GET  /books/periods/<int:id>/                         own   200 200 200 403 403 200 403
GET  /books/periods/<int:id>/                         other 404 404 404 403 403 404 403
POST /books/periods/<int:id>/open                     own   422 422 403 403 403 403 403
POST /books/periods/<int:id>/open                     other 404 404 403 403 403 403 403
GET  /journals/JE-<int:id>/                           own   200 200 200 403 200 200 403
GET  /journals/JE-<int:id>/                           other 404 404 404 403 404 404 403
GET  /flows/                                          own   200 200 200 403 200 200 403
GET  /flows/contracts/                                own   200 200 200 403 200 200 403
GET  /flows/runs/<int:id>/                            own   200 200 200 403 200 200 403
GET  /flows/runs/<int:id>/                            other 404 404 404 403 404 404 403
POST /flows/runs/<int:id>/undo                        own   403 422 422 403 403 403 403
POST /flows/runs/<int:id>/undo                        other 403 404 404 403 403 403 403
GET  /flows/<str:event>/                              own   200 200 200 403 200 200 403
GET  /rehearsals/                                     own   403 403 403 403 403 403 403
GET  /rehearsals/                                     all   200 200 200 403 200 200 403
POST /rehearsals/start                                own   403 403 403 403 403 403 403
POST /rehearsals/start                                all   403 403 422 403 422 403 403
GET  /rehearsals/RHS-<int:number>/                    own   403 403 403 403 403 403 403
GET  /rehearsals/RHS-<int:number>/                    all   200 200 200 403 200 200 403
POST /rehearsals/RHS-<int:number>/<slug:what>/        own   403 403 403 403 403 403 403
POST /rehearsals/RHS-<int:number>/<slug:what>/        all   403 403 302 403 302 403 403
GET  /tours/                                          own   200 200 200 403 200 403 403
GET  /tours/<slug:slug>/                              own   200 200 200 403 200 403 403
POST /tours/<slug:slug>/act                           own   404 404 404 403 404 403 403
GET  /users/                                          own   403 403 403 403 403 403 403
GET  /users/                                          all   403 403 403 403 200 200 403
GET  /users/groups/                                   own   403 403 403 403 403 403 403
GET  /users/groups/                                   all   403 403 403 403 200 200 403
POST /users/groups/change                             own   403 403 403 403 403 403 403
POST /users/groups/change                             all   403 403 403 403 302 403 403
POST /users/invite                                    own   403 403 403 403 403 403 403
POST /users/invite                                    all   403 403 403 403 302 403 403
POST /users/access-review.csv                         own   403 403 403 403 403 403 403
POST /users/access-review.csv                         all   403 403 403 403 200 200 403
GET  /users/<int:id>/                                 own   403 403 403 403 403 403 403
GET  /users/<int:id>/                                 all   403 403 403 403 200 200 403
POST /users/<int:id>/ask                              own   403 403 403 403 403 403 403
POST /users/<int:id>/ask                              all   403 403 403 403 302 403 403
POST /users/<int:id>/same-person                      own   403 403 403 403 403 403 403
POST /users/<int:id>/same-person                      all   403 403 403 403 302 403 403
POST /users/<int:id>/same-person/<int:tie>/end        own   403 403 403 403 403 403 403
POST /users/<int:id>/same-person/<int:tie>/end        all   403 403 403 403 302 403 403
POST /users/<int:id>/second-factor/reset              own   403 403 403 403 403 403 403
POST /users/<int:id>/second-factor/reset              all   403 403 403 403 302 403 403
POST /users/<int:id>/deactivate                       own   403 403 403 403 403 403 403
POST /users/<int:id>/deactivate                       all   403 403 403 403 302 403 403
POST /users/<int:id>/roles/<int:assignment>/end       own   403 403 403 403 403 403 403
POST /users/<int:id>/roles/<int:assignment>/end       all   403 403 403 403 302 403 403
GET  /break-glass/                                    own   200 200 200 403 200 403 403
POST /break-glass/                                    own   302 302 302 403 302 403 403
POST /break-glass/<int:number>/answer                 own   403 403 403 403 403 403 403
POST /break-glass/<int:number>/answer                 all   403 302 403 403 302 403 403
POST /break-glass/<int:number>/review                 own   404 404 404 403 404 403 403
GET  /playbooks/                                      own   200 200 200 403 200 200 403
GET  /playbooks/<slug:slug>/                          own   200 200 200 403 200 200 403
POST /me/appearance                                   own   302 302 302 302 302 302 302
GET  /me/confirm/                                     own   200 200 200 200 200 200 200
POST /me/confirm/                                     own   422 422 422 422 422 422 422
GET  /me/password/                                    own   200 200 200 200 200 200 200
POST /me/password/                                    own   200 200 200 200 200 200 200
GET  /me/second-factor/                               own   200 200 200 200 200 200 200
POST /me/second-factor/                               own   200 200 200 200 200 200 200
POST /me/second-factor/codes/                         own   302 302 302 302 302 302 302
GET  /me/second-factor/keys/                          own   200 200 200 200 200 200 200
POST /me/second-factor/keys/                          own   422 422 422 422 422 422 422
POST /me/second-factor/keys/<int:id>/remove/          own   302 302 302 302 302 302 302
POST /me/second-factor/remove/                        own   302 302 302 302 302 302 302
GET  /me/                                             own   200 200 200 200 200 200 200
POST /me/save/                                        own   422 422 422 422 422 422 422
POST /me/sessions/<int:id>/end/                       own   404 404 404 404 404 404 404
GET  /users/tokens/                                   own   403 403 403 403 403 403 403
GET  /users/tokens/                                   all   403 403 403 403 200 200 403
POST /users/tokens/new/                               own   403 403 403 403 403 403 403
POST /users/tokens/new/                               all   403 403 403 403 302 403 403
POST /users/tokens/<slug:prefix>/revoke/              own   403 403 403 403 403 403 403
POST /users/tokens/<slug:prefix>/revoke/              all   403 403 403 403 422 403 403
GET  /notices/                                        own   200 200 200 200 200 200 200
POST /notices/read                                    own   302 302 302 302 302 302 302
GET  /notices/settings/                               own   200 200 200 200 200 200 200
POST /notices/settings/                               own   422 422 422 422 422 422 422
GET  /approvals/                                      own   200 200 200 200 200 200 403
POST /approvals/approvals.csv                         own   200 200 200 200 200 200 403
GET  /approvals/together/                             own   302 302 403 403 302 403 403
POST /approvals/together/decide                       own   422 422 403 403 422 403 403
GET  /approvals/policies/                             own   200 200 403 403 200 200 403
GET  /approvals/policies/edit/                        own   200 200 403 403 200 200 403
POST /approvals/policies/edit/                        own   422 422 403 403 422 422 403
GET  /approvals/policies/<int:number>/                own   200 200 403 403 200 200 403
GET  /approvals/policies/<int:number>/                other 404 404 403 403 404 404 403
GET  /approvals/delegations/                          own   200 200 200 200 200 200 403
POST /approvals/delegations/                          own   422 422 403 403 422 403 403
POST /approvals/delegations/<int:number>/end          own   403 403 403 403 403 403 403
GET  /approvals/APR-<int:number>/                     own   200 200 200 404 404 200 403
GET  /approvals/APR-<int:number>/                     other 404 404 404 404 404 404 403
POST /approvals/APR-<int:number>/decide               own   302 302 403 404 404 403 403
POST /approvals/APR-<int:number>/decide               other 404 404 404 404 404 404 403
POST /approvals/APR-<int:number>/comments             own   302 302 302 404 404 403 403
POST /approvals/APR-<int:number>/comments             other 404 404 404 404 404 404 403
POST /approvals/APR-<int:number>/withdraw             own   403 403 403 404 404 403 403
POST /approvals/APR-<int:number>/withdraw             other 404 404 404 404 404 404 403
POST /approvals/APR-<int:number>/review               own   409 409 403 403 404 403 403
POST /approvals/APR-<int:number>/review               other 404 404 403 403 404 403 403
GET  /exceptions/                                     own   200 200 200 403 403 200 403
POST /exceptions/exceptions.csv                       own   200 200 200 403 403 200 403
GET  /exceptions/causes/<slug:key>/                   own   200 200 200 403 403 200 403
GET  /exceptions/causes/<slug:key>/                   other 404 404 404 403 403 404 403
POST /exceptions/causes/<slug:key>/fix/               own   422 422 422 403 403 403 403
POST /exceptions/causes/<slug:key>/fix/               other 404 404 404 403 403 403 403
POST /exceptions/EXC-<int:number>/watch/              own   409 409 409 403 403 409 403
POST /exceptions/EXC-<int:number>/watch/              other 404 404 404 403 403 404 403
POST /exceptions/causes/<slug:key>/regroup/           own   422 422 422 403 403 403 403
POST /exceptions/causes/<slug:key>/regroup/           other 404 404 404 403 403 403 403
POST /exceptions/causes/<slug:key>/<slug:remedy>/     own   302 302 302 403 403 403 403
POST /exceptions/causes/<slug:key>/<slug:remedy>/     other 404 404 404 403 403 403 403
GET  /exceptions/EXC-<int:number>/                    own   200 200 200 403 403 200 403
GET  /exceptions/EXC-<int:number>/                    other 404 404 404 403 403 404 403
POST /exceptions/EXC-<int:number>/comments/           own   302 302 302 403 403 403 403
POST /exceptions/EXC-<int:number>/comments/           other 404 404 404 403 403 403 403
POST /exceptions/EXC-<int:number>/reveal/             own   302 302 403 403 403 403 403
POST /exceptions/EXC-<int:number>/reveal/             other 404 404 403 403 403 403 403
POST /exceptions/EXC-<int:number>/playbook/           own   422 422 422 403 403 403 403
POST /exceptions/EXC-<int:number>/playbook/           other 404 404 404 403 403 403 403
GET  /exceptions/EXC-<int:number>/compensate/         own   200 403 403 403 403 403 403
GET  /exceptions/EXC-<int:number>/compensate/         other 404 403 403 403 403 403 403
POST /exceptions/EXC-<int:number>/compensate/         own   422 403 403 403 403 403 403
POST /exceptions/EXC-<int:number>/compensate/         other 404 403 403 403 403 403 403
GET  /exceptions/EXC-<int:number>/edit/               own   409 403 409 403 403 403 403
GET  /exceptions/EXC-<int:number>/edit/               other 404 403 404 403 403 403 403
POST /exceptions/EXC-<int:number>/edit/               own   409 403 409 403 403 403 403
POST /exceptions/EXC-<int:number>/edit/               other 404 403 404 403 403 403 403
POST /exceptions/EXC-<int:number>/handle/             own   422 422 422 403 403 403 403
POST /exceptions/EXC-<int:number>/handle/             other 404 404 404 403 403 403 403
POST /exceptions/EXC-<int:number>/comments/<int:entry>/ own   404 404 404 403 403 403 403
POST /exceptions/EXC-<int:number>/comments/<int:entry>/ other 404 404 404 403 403 403 403
POST /exceptions/EXC-<int:number>/give-up/            own   302 403 302 403 403 403 403
POST /exceptions/EXC-<int:number>/give-up/            other 404 403 404 403 403 403 403
POST /exceptions/EXC-<int:number>/<slug:remedy>/      own   409 409 409 403 403 403 403
POST /exceptions/EXC-<int:number>/<slug:remedy>/      other 404 404 404 403 403 403 403
GET  /audit/                                          own   403 403 403 403 403 403 403
GET  /audit/                                          all   403 403 403 403 403 200 403
POST /audit/verify                                    own   403 403 403 403 403 403 403
POST /audit/verify                                    all   403 403 403 403 403 302 403
POST /audit/evidence.csv                              own   403 403 403 403 403 403 403
POST /audit/evidence.csv                              all   403 403 403 403 403 200 403
POST /audit/evidence.jsonl                            own   403 403 403 403 403 403 403
POST /audit/evidence.jsonl                            all   403 403 403 403 403 200 403
GET  /audit/<int:seq>/                                own   403 403 403 403 403 403 403
GET  /audit/<int:seq>/                                all   403 403 403 403 403 200 403
GET  /events/                                         own   200 200 200 403 200 200 403
POST /events/events.csv                               own   200 200 200 403 200 200 403
GET  /events/rehearsal/                               own   200 200 200 403 403 200 403
POST /events/rehearsal/                               own   200 200 200 403 403 200 403
GET  /events/replay/                                  own   200 403 200 403 403 403 403
POST /events/replay/draft                             own   422 403 422 403 403 403 403
GET  /events/EVT-<int:number>/                        own   200 200 200 403 200 200 403
GET  /events/EVT-<int:number>/                        other 404 404 404 403 404 404 403
POST /events/EVT-<int:number>/reveal                  own   302 302 403 403 403 403 403
POST /events/EVT-<int:number>/reveal                  other 404 404 403 403 403 403 403
GET  /connections/                                    own   200 200 200 403 200 200 403
POST /connections/connections.csv                     own   200 200 200 403 200 200 403
GET  /connections/<slug:slug>/                        own   200 200 200 403 200 200 403
POST /connections/<slug:slug>/pause/                  own   403 403 403 403 403 403 403
POST /connections/<slug:slug>/pause/                  all   403 403 302 403 302 403 403
POST /connections/<slug:slug>/resume/                 own   403 403 403 403 403 403 403
POST /connections/<slug:slug>/resume/                 all   403 403 409 403 409 403 403
POST /connections/<slug:slug>/trial/                  own   403 403 403 403 403 403 403
POST /connections/<slug:slug>/trial/                  all   403 403 409 403 409 403 403
POST /connections/<slug:slug>/poll/                   own   403 403 403 403 403 403 403
POST /connections/<slug:slug>/poll/                   all   403 403 409 403 409 403 403
POST /connections/<slug:slug>/limits/                 own   403 403 403 403 403 403 403
POST /connections/<slug:slug>/limits/                 all   403 403 422 403 422 403 403
POST /connections/<slug:slug>/window/                 own   403 403 403 403 403 403 403
POST /connections/<slug:slug>/window/                 all   403 403 422 403 422 403 403
POST /connections/<slug:slug>/test/                   own   403 403 403 403 403 403 403
POST /connections/<slug:slug>/test/                   all   403 403 200 403 200 403 403
POST /connections/<slug:slug>/sandbox/                own   404 404 404 403 404 403 403
GET  /mappings/                                       own   200 200 200 403 200 200 403
GET  /mappings/<slug:kind>/                           own   200 200 200 403 200 200 403
POST /mappings/<slug:kind>/rows                       own   422 403 422 403 422 403 403
POST /mappings/<slug:kind>/file                       own   200 200 200 403 200 200 403
GET  /mappings/<slug:kind>/import                     own   200 403 200 403 200 403 403
POST /mappings/<slug:kind>/import                     own   422 403 422 403 422 403 403
POST /mappings/<slug:kind>/import/errors              own   422 403 422 403 422 403 403
GET  /mappings/changes/                               own   200 200 200 403 200 200 403
GET  /mappings/changes/MC-<int:number>/               own   200 200 200 403 200 200 403
GET  /mappings/changes/MC-<int:number>/               other 404 404 404 403 404 404 403
POST /mappings/changes/MC-<int:number>/preview        own   422 403 422 403 422 403 403
POST /mappings/changes/MC-<int:number>/preview        other 404 403 404 403 404 403 403
POST /mappings/changes/MC-<int:number>/send           own   422 403 422 403 422 403 403
POST /mappings/changes/MC-<int:number>/send           other 404 403 404 403 404 403 403
POST /mappings/changes/MC-<int:number>/discard        own   409 403 409 403 409 403 403
POST /mappings/changes/MC-<int:number>/discard        other 404 403 404 403 404 403 403
POST /mappings/changes/MC-<int:number>/rows/<int:position>/take-out own 409 403 409 403 409 403 403
POST /mappings/changes/MC-<int:number>/rows/<int:position>/take-out other 404 403 404 403 404 403 403
GET  /ownership/                                      own   200 200 200 403 200 200 403
GET  /usage/                                          own   200 200 200 200 200 200 403
GET  /usage/<int:id>/                                 own   200 200 200 200 200 200 403
GET  /usage/<int:id>/                                 other 404 404 404 404 404 404 403
POST /usage/<int:id>/rate-now/                        own   302 302 403 403 403 403 403
POST /usage/<int:id>/rate-now/                        other 404 404 403 403 403 403 403
GET  /usage/lines/<int:id>/                           own   200 200 200 200 200 200 403
GET  /usage/lines/<int:id>/                           other 404 404 404 404 404 404 403
GET  /usage/lines/<int:id>/records/                   own   200 200 200 200 200 200 403
GET  /usage/lines/<int:id>/records/                   other 404 404 404 404 404 404 403
GET  /credits/                                        own   200 200 200 200 403 200 403
GET  /credits/new                                     own   200 200 200 200 403 403 403
POST /credits/new                                     own   302 302 302 302 403 403 403
GET  /credits/find                                    own   200 200 200 200 403 403 403
GET  /credits/leakage/                                own   200 200 200 403 403 200 403
POST /credits/credits.csv                             own   200 200 200 200 403 200 403
POST /credits/leakage/leakage.csv                     own   200 200 200 403 403 200 403
GET  /credits/terms/                                  own   200 200 200 200 403 200 403
GET  /credits/terms/edit/                             own   200 200 200 403 403 403 403
POST /credits/terms/edit/                             own   422 422 422 403 403 403 403
GET  /credits/terms/<slug:what>/<int:id>/             own   200 200 200 200 403 200 403
GET  /credits/terms/<slug:what>/<int:id>/             other 404 404 404 404 403 404 403
GET  /credits/<int:id>/                               own   200 200 200 404 403 200 403
GET  /credits/<int:id>/                               other 404 404 404 404 403 404 403
GET  /credits/<int:id>/edit                           own   404 404 404 404 403 403 403
POST /credits/<int:id>/edit                           own   404 404 404 404 403 403 403
POST /credits/<int:id>/edit                           other 404 404 404 404 403 403 403
GET  /credits/<int:id>/send                           own   404 404 404 404 403 403 403
POST /credits/<int:id>/send                           own   404 404 404 404 403 403 403
POST /credits/<int:id>/discard                        own   404 404 404 404 403 403 403
POST /credits/<int:id>/discard                        other 404 404 404 404 403 403 403
POST /credits/<int:id>/withdraw                       own   403 403 403 404 403 403 403
POST /credits/<int:id>/withdraw                       other 404 404 404 404 403 403 403
POST /credits/<int:id>/reverse                        own   422 422 422 404 403 403 403
POST /credits/<int:id>/reverse                        other 404 404 404 404 403 403 403
"""
)

# Whether one asked for it oneself: nobody decides their own, and only who asked takes it back.
#                                                          fin mgr rev sup adm aud nobody
MINE: Final = _read("""
GET  /approvals/APR-<int:number>/                     mine   200 200 200 200 404 200 403
GET  /approvals/APR-<int:number>/                     others 200 200 200 404 404 200 403
POST /approvals/APR-<int:number>/decide               mine   403 403 403 403 404 403 403
POST /approvals/APR-<int:number>/decide               others 302 302 403 404 404 403 403
POST /approvals/APR-<int:number>/comments             mine   302 302 302 302 404 403 403
POST /approvals/APR-<int:number>/comments             others 302 302 302 404 404 403 403
POST /approvals/APR-<int:number>/withdraw             mine   302 302 302 302 404 403 403
POST /approvals/APR-<int:number>/withdraw             others 403 403 403 404 404 403 403
GET  /credits/<int:id>/                               mine   200 200 200 200 403 200 403
GET  /credits/<int:id>/                               others 200 200 200 404 403 200 403
GET  /credits/<int:id>/edit                           mine   200 200 200 200 403 403 403
GET  /credits/<int:id>/edit                           others 404 404 404 404 403 403 403
GET  /credits/<int:id>/send                           mine   302 302 302 302 403 403 403
GET  /credits/<int:id>/send                           others 404 404 404 404 403 403 403
POST /credits/<int:id>/edit                           mine   302 302 302 302 403 403 403
POST /credits/<int:id>/edit                           others 404 404 404 404 403 403 403
POST /credits/<int:id>/discard                        mine   302 302 302 302 403 403 403
POST /credits/<int:id>/discard                        others 404 404 404 404 403 403 403
POST /credits/<int:id>/reverse                        mine   422 422 422 422 403 403 403
POST /credits/<int:id>/reverse                        others 422 422 422 404 403 403 403
POST /credits/<int:id>/withdraw                       mine   422 422 422 422 403 403 403
POST /credits/<int:id>/withdraw                       others 403 403 403 404 403 403 403
""")

# ours: a token of one entity asks for what is its; theirs: for another's; all: a token of all
# entities; unscoped: every scope but this one; none: no token; person: signed in without a token.
#                                          scope: ours theirs all unscoped none person
SERVICES: Final = _read(
    watching.SERVICES
    + """\
POST /api/v1/events/                                  events:write      403 403 400 403 401 401
POST /api/v1/events                                   events:write      403 403 400 403 401 401
GET  /api/v1/approvals/                               read:approvals    200 200 200 403 401 401
GET  /api/v1/approvals/<str:reference>/               read:approvals    200 404 200 403 401 401
POST /api/v1/approvals/<str:reference>/decision/      approvals:decide  200 404 200 403 401 401
GET  /api/v1/cases/                                   read:cases        200 200 200 403 401 401
GET  /api/v1/cases/<str:reference>/                   read:cases        200 404 200 403 401 401
GET  /api/v1/journals/                                read:journals     200 200 200 403 401 401
GET  /api/v1/journals/<str:reference>/                read:journals     200 404 200 403 401 401
GET  /api/v1/find                                     read:lineage      200 200 200 403 401 401
GET  /api/v1/find/                                    read:lineage      200 200 200 403 401 401
GET  /api/v1/lookups/account/                         read:lookups      200 404 200 403 401 401
GET  /api/v1/lookups/price/                           read:lookups      200 404 200 403 401 401
GET  /api/v1/lookups/entitlement/                     read:lookups      200 404 200 403 401 401
GET  /api/v1/lookups/credit/                          read:lookups      200 404 200 403 401 401
GET  /api/v1/lookups/invoice/                         read:lookups      200 404 200 403 401 401
POST /api/v1/usage/                                   usage:write       403 403 400 403 401 401
POST /api/v1/usage                                    usage:write       403 403 400 403 401 401
GET  /api/v1/lineage/<str:reference>/                 read:lineage      200 404 200 403 401 401
GET  /api/v1/lineage/<str:kind>/<int:id>/             read:lineage      200 404 200 403 401 401
"""
)
