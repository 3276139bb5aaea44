"""Maps, their change sets, who owns what."""

from __future__ import annotations

from typing import Final

from tests.browser.addresses import at, change_set
from tests.browser.looks import Look

PAGES: Final[dict[str, tuple[Look, ...]]] = {
    "mappings:home": (Look("mappings-taxes", at("/mappings/")),),
    "mappings:grid": (
        Look("mappings-skus", at("/mappings/skus/"), by="Ines"),
        Look("mappings-gap", at("/mappings/skus/?edit=new&key=price_x&of=US-INC"), by="Ines"),
        Look("mappings-gaps", at("/mappings/entities/?tab=gaps"), by="Yuki"),
        Look("mappings-on-a-day", at("/mappings/skus/?on=2026-01-01&source=stripe"), by="Ines"),
        Look("mappings-rates", at("/mappings/currencies/?edit=new")),
        Look("mappings-scheduled", at("/mappings/tax-codes/?tab=scheduled")),
        Look("mappings-conflicts", at("/mappings/tax-codes/?tab=conflicts")),
        Look("mappings-history", at("/mappings/tax-codes/?tab=history"), by="Yuki"),
        Look("mappings-nothing-matches", at("/mappings/accounts/?q=nowhere")),
        Look("mappings-none", at("/mappings/cost-centres/"), by="Ines"),
    ),
    "mappings:sets": (Look("change-sets", at("/mappings/changes/")),),
    "mappings:set": (
        Look("change-set-draft", change_set(), by="Ines"),
        Look("change-set-waiting", change_set(sent=True)),
    ),
    "mappings:import": (Look("mappings-import", at("/mappings/skus/import"), by="Ines"),),
    "mappings:ownership": (
        Look("ownership", at("/ownership/")),
        Look("ownership-change", at("/ownership/?edit=ownership"), by="Ada"),
    ),
}
