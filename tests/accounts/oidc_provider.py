"""
An OpenID Connect provider on loopback: ``python oidc_provider.py PORT``, for test_oidc.py.

oidc-provider-mock (on Authlib) does discovery, codes, tokens and keys. Added here: it insists on
PKCE, and ``POST /_control/spoil`` makes it answer the next token request with something false.
"""

from __future__ import annotations

import base64
import hashlib
import json
import sys
from typing import Any
from urllib.parse import parse_qs, urlsplit

import flask
import jwt
import oidc_provider_mock
from cryptography.hazmat.primitives.asymmetric import rsa

app = oidc_provider_mock.app(require_nonce=True)
challenges: dict[str, str] = {}
spoilt: dict[str, Any] = {}
told: list[str] = []


@app.post("/_control/spoil")
def spoil() -> Any:
    spoilt.update(flask.request.get_json())
    return "", 204


@app.get("/_control/told")
def how_many_false_ones() -> Any:
    return {"told": len(told)}


@app.before_request
def insist_on_pkce() -> Any:
    asked = flask.request
    if asked.path == "/oauth2/authorize" and asked.args.get("code_challenge_method") != "S256":
        return "PKCE with S256 is required", 400
    if asked.path == "/oauth2/token":
        digest = hashlib.sha256(asked.form.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        if challenges.pop(asked.form.get("code", ""), "") != challenge:
            return {"error": "invalid_grant"}, 400
    return None


@app.after_request
def keep_or_spoil(answer: flask.Response) -> flask.Response:
    if flask.request.path == "/oauth2/authorize" and "code=" in answer.headers.get("Location", ""):
        (code,) = parse_qs(urlsplit(answer.headers["Location"]).query)["code"]
        challenges[code] = flask.request.args["code_challenge"]
    if flask.request.path == "/oauth2/token" and spoilt:
        body = json.loads(answer.get_data())
        how = dict(spoilt)
        spoilt.clear()
        body["id_token"] = _false(body["id_token"], how)
        answer.set_data(json.dumps(body))
        told.append(body["id_token"])
    return answer


def _false(token: str, how: dict[str, Any]) -> str:
    """The token with other claims, and signed by somebody else when the spoiling says so."""
    ours = flask.g.oidc_provider_mock_storage.jwk
    claims = {**jwt.decode(token, options={"verify_signature": False}), **how.get("claims", {})}
    kid = jwt.get_unverified_header(token).get("kid")
    named = {"kid": kid} if kid else {}
    if how.get("algorithm") == "none":
        return jwt.encode(claims, None, algorithm="none", headers=named)
    stranger = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    key = stranger if how.get("forged") else jwt.PyJWK(ours.as_dict(is_private=True)).key
    return jwt.encode(claims, key, algorithm="RS256", headers=named)


if __name__ == "__main__":
    app.run(host="127.0.0.1", port=int(sys.argv[1]), threaded=True)
