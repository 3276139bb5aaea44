"""
The pack of evidence: one zip that holds without the console what a certificate rests on.

The same certificate, seed, method and size give the same bytes: files stand in the order of their
names, with one fixed time, and hold nothing that depends on when or by whom it was asked for. The
manifest has the SHA-256 of every other file.
"""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.db import transaction

from revops.close.certificate import chains, scope
from revops.close.certificate.background import approvals_of, runs_of, versions_of
from revops.close.certificate.choosing import METHODS, MOST, choose
from revops.close.certificate.operations import as_file
from revops.close.certificate.scope import Period, period_of
from revops.close.models import Certificate
from revops.store import rows, sql

# The first that a zip can hold; a real one would make two packs differ.
_TIME: Final = (1980, 1, 1, 0, 0, 0)
_KEY: Final = "document_type || '/' || business_key || '/' || revision"
_POPULATION: Final = f"""
SELECT {_KEY} AS key, amount FROM certified_entry ORDER BY ({_KEY}) COLLATE "C"
"""  # noqa: S608  literals of ours
_CHOSEN: Final = f"""
SELECT id, {_KEY} AS key FROM certified_entry WHERE {_KEY} = ANY(%s) ORDER BY id
"""  # noqa: S608  literals of ours


class PackRefused(ValueError):
    """There is nothing to pack, or not as it was asked for; the message says why."""


@dataclass(frozen=True, slots=True)
class Wish:
    """``raw``: payloads as they came, not masked; only for who has the server."""

    seed: str
    method: str
    size: int
    raw: bool = False

    def __post_init__(self) -> None:
        if self.method not in METHODS:
            raise PackRefused(f"“{self.method}” is no way to choose.")
        if not 1 <= self.size <= MOST:
            raise PackRefused(f"Choose between 1 and {MOST} entries.")
        if not self.seed.strip() or len(self.seed) > 64:
            raise PackRefused("Give a seed of at most 64 characters.")


def make(certificate: Certificate, wish: Wish) -> bytes:
    """The zip. Raises PackRefused when its period is not there any more."""
    period = period_of(certificate.legal_entity.code, certificate.period_code)
    if period is None:
        raise PackRefused("The period of this certificate is not there.")
    with transaction.atomic(), rows.widened(), scope.laid_out(period):
        held = dict(_files(certificate, period, wish))
    manifest = {
        "certificate": str(certificate),
        "seed": wish.seed, "method": wish.method, "size": wish.size,
        "payloads": "as they came" if wish.raw else "masked",
        "files": {name: hashlib.sha256(data).hexdigest() for name, data in sorted(held.items())},
    }  # fmt: skip
    held["manifest.json"] = _json(manifest)
    return _zipped(held)


def name_of(certificate: Certificate) -> str:
    return f"evidence-{certificate.legal_entity.code}-{certificate.period_code}-{certificate}.zip"


def _files(certificate: Certificate, period: Period, wish: Wish) -> Iterator[tuple[str, bytes]]:
    upto = certificate.sealed_at
    yield "certificate.json", as_file(certificate).encode()
    yield "runs.json", _json(runs_of(certificate, period))
    yield "approvals.json", _json(approvals_of(period, upto=upto))
    yield "configuration.json", _json(versions_of(period, upto=upto))
    population = _Population()
    chosen = choose(
        population, seed=wish.seed, size=wish.size, method=wish.method, ordered=True
    )  # fmt: skip
    ids = {row.key: row.id for row in sql.rows(_CHOSEN, (chosen,))}
    yield "sample.json", _json(
        {
            "seed": wish.seed, "method": wish.method, "size": wish.size,
            "population": len(population), "chosen": chosen,
        }
    )  # fmt: skip
    for number, chain in sorted(chains.of([ids[key] for key in chosen], raw=wish.raw).items()):
        yield f"sample/JE-{number}.json", _json(chain)
    yield "README.txt", _README.encode()


class _Population:
    """Keys and amounts of all entries, in the order of the keys' bytes; few are held at a time."""

    def __iter__(self) -> Iterator[tuple[str, int]]:
        for lot in sql.stream(_POPULATION):
            yield from lot

    def __len__(self) -> int:
        return int(sql.once("SELECT count(*) AS count FROM certified_entry")[0].count)


def _json(value: Any) -> bytes:
    text = json.dumps(value, sort_keys=True, ensure_ascii=False, indent=1)
    return f"{text}\n".encode()


def _zipped(held: Mapping[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as made:
        for name in sorted(held):
            entry = zipfile.ZipInfo(name, _TIME)
            entry.external_attr = 0o644 << 16
            entry.create_system = 3
            # Stored, not deflated: another version of zlib packs the same bytes otherwise.
            made.writestr(entry, held[name], compress_type=zipfile.ZIP_STORED)
    return out.getvalue()


_README: Final = """\
What this pack holds

certificate.json    the certificate with its signature (Ed25519)
runs.json           the comparisons behind it: figures, differences, names under them
approvals.json      requests of this legal entity from the period's begin to the sealing
configuration.json  versions of the maps that its entries were made by, and the change sets
sample.json         which entries were chosen, from how many, by which seed and method
sample/JE-*.json    each of them: event, meaning, entry with its lines, posting in the ERP
manifest.json       the SHA-256 of every other file

To check it: compare the files with the manifest (sha256sum), then run
"manage.py certificate verify certificate.json". How digests of sets are made and how a sample is
chosen stands in docs/certificate.md; both can be done by hand.
"""
