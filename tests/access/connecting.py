"""Rows of ``expected`` about setting connections up; administrators of every legal entity do it."""

from __future__ import annotations

from typing import Final

#                                                               fin mgr rev sup adm aud nobody
PERSONS: Final = """\
GET  /connections/new/                                     own   403 403 403 403 403 403 403
GET  /connections/new/                                     all   403 403 403 403 200 403 403
GET  /connections/new/<slug:connector>/                    own   403 403 403 403 403 403 403
GET  /connections/new/<slug:connector>/                    all   403 403 403 403 200 403 403
POST /connections/new/<slug:connector>/                    own   403 403 403 403 403 403 403
POST /connections/new/<slug:connector>/                    all   403 403 403 403 422 403 403
GET  /connections/<slug:slug>/settings/                    own   403 403 403 403 403 403 403
GET  /connections/<slug:slug>/settings/                    all   403 403 403 403 200 403 403
POST /connections/<slug:slug>/settings/                    own   403 403 403 403 403 403 403
POST /connections/<slug:slug>/settings/                    all   403 403 403 403 422 403 403
GET  /connections/<slug:slug>/credentials/                 own   403 403 403 403 403 403 403
GET  /connections/<slug:slug>/credentials/                 all   403 403 403 403 200 403 403
POST /connections/<slug:slug>/credentials/                 own   403 403 403 403 403 403 403
POST /connections/<slug:slug>/credentials/                 all   403 403 403 403 302 403 403
POST /connections/<slug:slug>/use/                         own   403 403 403 403 403 403 403
POST /connections/<slug:slug>/use/                         all   403 403 403 403 409 403 403
POST /connections/<slug:slug>/retire/                      own   403 403 403 403 403 403 403
POST /connections/<slug:slug>/retire/                      all   403 403 403 403 409 403 403
POST /connections/<slug:slug>/weekly/                      own   403 403 403 403 403 403 403
POST /connections/<slug:slug>/weekly/                      all   403 403 422 403 422 403 403
POST /connections/<slug:slug>/drift/                       own   403 403 403 403 403 403 403
POST /connections/<slug:slug>/drift/                       all   403 403 403 403 409 403 403
"""
