#!/usr/bin/env python3
"""
Verify an export of the audit trail without the console: only Python's standard library.

    manage.py audit_export > acts.jsonl
    python3 verify_audit.py acts.jsonl [--anchors FOLDER --public-key BASE64]

Exit 0: as it was written. 1: broken, at the act that is named. 2: the anchors do not hold.
Signatures are checked when the package ``cryptography`` is there, and said to be unchecked if not.
"""

import argparse
import base64
import hashlib
import hmac
import json
import pathlib
import sys
from typing import Any

FIELDS = ("actor", "roles", "on_behalf", "action", "kind", "reference", "entity",
          "correlation_id", "request_id", "detail_mac", "prev")  # fmt: skip


def hash_of(act: dict[str, Any]) -> str:
    texts = ["v1", str(act["seq"]), act["ts"], *(act[name] for name in FIELDS)]
    raw = b"".join(b"%d:%b," % (len(t.encode()), t.encode()) for t in texts)
    return hashlib.sha256(raw).hexdigest()


def fault(act: dict[str, Any], seq: int, prev: str) -> str:
    if act["seq"] != seq:
        return f"act {seq} is missing"
    if act["prev"] != prev or act["hash"] != hash_of(act):
        return f"act {seq} is not what was written"
    if act["detail"] is None:
        return "" if act["erased_by"] else f"the detail of act {seq} is gone"
    mac = hmac.new(bytes.fromhex(act["salt"]), act["detail"].encode(), hashlib.sha256)
    return "" if mac.hexdigest() == act["detail_mac"] else f"the detail of act {seq} was changed"


def signed(anchor: dict[str, Any], key: str) -> bool:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    text = "revops-audit-anchor:v1:{seq}:{hash}:{count}:{at}".format(**anchor).encode()
    try:
        public = Ed25519PublicKey.from_public_bytes(base64.b64decode(key))
        public.verify(base64.b64decode(anchor["signature"]), text)
    except InvalidSignature:
        return False
    return True


def main() -> int:
    asked = argparse.ArgumentParser()
    asked.add_argument("export")
    asked.add_argument("--anchors")
    asked.add_argument("--public-key")
    given = asked.parse_args()
    hashes, seq, prev = {}, None, ""
    for line in pathlib.Path(given.export).read_text(encoding="utf-8").split("\n"):
        if not line:
            continue
        act = json.loads(line)
        if seq is None:  # an export may begin anywhere; the first act follows 64 zeros
            seq, prev = act["seq"], "0" * 64 if act["seq"] == 1 else act["prev"]
        why = fault(act, seq, prev)
        if why:
            print(f"BROKEN: {why}")
            return 1
        hashes[seq], prev, seq = act["hash"], act["hash"], seq + 1
    print(f"{len(hashes)} acts follow from one another.")
    for path in sorted(pathlib.Path(given.anchors or ".").glob("anchor-*.json")):
        anchor = json.loads(path.read_text())
        if given.public_key and not signed(anchor, given.public_key):
            print(f"NOT ANCHORED: {path.name} was not signed with this key")
            return 2
        if hashes and anchor["seq"] > max(hashes):
            print(f"NOT ANCHORED: {path.name} knows {anchor['seq']} acts: the end was cut off")
            return 2
        if anchor["seq"] in hashes and hashes[anchor["seq"]] != anchor["hash"]:
            print(f"BROKEN: act {anchor['seq']} is not the one of {path.name}: written anew")
            return 1
    if given.anchors:
        print(f"Anchors agree. Signatures: {'checked' if given.public_key else 'NOT checked'}.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
