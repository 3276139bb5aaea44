"""Rows of ``expected``: alerts, measures, and what monitoring reads."""

from __future__ import annotations

from typing import Final

#                                                          fin mgr rev sup adm aud nobody
PERSONS: Final = """\
GET  /alerts/                                         own   200 200 200 403 403 200 403
GET  /alerts/new/                                     own   200 200 200 403 403 200 403
POST /alerts/new/                                     own   422 422 422 403 403 422 403
GET  /alerts/rules/<int:number>/                      own   200 200 200 403 403 200 403
GET  /alerts/rules/<int:number>/                      other 404 404 404 403 403 404 403
GET  /alerts/rules/<int:number>/edit/                 own   200 200 200 403 403 200 403
GET  /alerts/rules/<int:number>/edit/                 other 404 404 404 403 403 404 403
POST /alerts/rules/<int:number>/edit/                 own   422 422 422 403 403 422 403
POST /alerts/rules/<int:number>/edit/                 other 404 404 404 403 403 404 403
POST /alerts/rules/<int:number>/switch                own   302 302 302 403 403 403 403
POST /alerts/rules/<int:number>/switch                other 404 404 404 403 403 403 403
GET  /alerts/ALT-<int:number>/                        own   200 200 200 403 403 200 403
GET  /alerts/ALT-<int:number>/                        other 404 404 404 403 403 404 403
POST /alerts/ALT-<int:number>/acknowledge             own   302 302 302 403 403 403 403
POST /alerts/ALT-<int:number>/acknowledge             other 404 404 404 403 403 403 403
GET  /measures/                                       own   200 200 200 403 403 200 403
POST /measures/measures.csv                           own   200 200 200 403 403 200 403
POST /measures/objectives/<slug:slug>                 own   403 403 403 403 403 403 403
POST /measures/objectives/<slug:slug>                 all   403 302 302 403 403 403 403
POST /measures/assumptions/<slug:slug>                own   403 403 403 403 403 403 403
POST /measures/assumptions/<slug:slug>                all   403 302 302 403 403 403 403
"""

#                                          scope: ours theirs all unscoped none person
SERVICES: Final = """\
GET  /metrics                                         read:metrics      200 200 200 403 401 401
"""
