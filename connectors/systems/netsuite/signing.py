"""
The JWT that NetSuite's client-credentials flow takes instead of a secret (OAuth 2.0, M2M).

An RSA key signs PS256 and an elliptic one ES256, ES384 or ES512, which are what NetSuite takes; the
certificate's id in NetSuite is the ``kid``.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from connectors.contract import Outcome, Settings
from connectors.problem import Problem

PATH: Final = "/services/rest/auth/oauth2/v1/token"
SCOPE: Final = "rest_webservices"
_TYPE: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
# NetSuite refuses assertions that last for an hour or longer.
_LASTS_S: Final = 300
_CURVES: Final[Mapping[str, tuple[str, type[hashes.HashAlgorithm]]]] = {
    "secp256r1": ("ES256", hashes.SHA256),
    "secp384r1": ("ES384", hashes.SHA384),
    "secp521r1": ("ES512", hashes.SHA512),
}


def form(settings: Settings, *, at: datetime) -> Mapping[str, str]:
    """What is posted to ``PATH``. Raises Problem for a key that is none."""
    return {
        "grant_type": "client_credentials",
        "client_assertion_type": _TYPE,
        "client_assertion": assertion(settings, at=at),
    }


def assertion(settings: Settings, *, at: datetime) -> str:
    """The signed JWT. Raises Problem."""
    key = _key(settings.secrets.get("private_key", ""))
    seconds = int(at.timestamp())
    claims = {
        "iss": settings.secrets.get("client_id", ""),
        "scope": SCOPE,
        "aud": f"{settings.base_url.rstrip('/')}{PATH}",
        "iat": seconds,
        "exp": seconds + _LASTS_S,
    }
    kid = str(settings.parameters.get("certificate_id") or "")
    if isinstance(key, rsa.RSAPrivateKey):
        head = _head("PS256", kid, claims)
        scheme = padding.PSS(mgf=padding.MGF1(hashes.SHA256()), salt_length=32)
        return f"{head}.{_base64(key.sign(head.encode(), scheme, hashes.SHA256()))}"
    name, digest = _CURVES[key.curve.name]
    head = _head(name, kid, claims)
    size = (key.curve.key_size + 7) // 8
    both = decode_dss_signature(key.sign(head.encode(), ec.ECDSA(digest())))
    return f"{head}.{_base64(b''.join(part.to_bytes(size, 'big') for part in both))}"


def _key(pem: str) -> rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey:
    try:
        key = load_pem_private_key(pem.encode(), None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        key = None
    if isinstance(key, ec.EllipticCurvePrivateKey) and key.curve.name in _CURVES:
        return key
    if isinstance(key, rsa.RSAPrivateKey):
        return key
    raise Problem(
        Outcome.AUTH,
        "sign_in",
        "The private key is neither an RSA nor an elliptic key in PEM form without a password.",
    )


def _head(algorithm: str, kid: str, claims: Mapping[str, Any]) -> str:
    return f"{_part({'typ': 'JWT', 'alg': algorithm, 'kid': kid})}.{_part(claims)}"


def _part(value: Any) -> str:
    return _base64(json.dumps(value, separators=(",", ":")).encode())


def _base64(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode("ascii")
