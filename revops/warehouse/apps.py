from __future__ import annotations

from django.apps import AppConfig


class WarehouseConfig(AppConfig):
    name = "revops.warehouse"
    label = "warehouse"

    def ready(self) -> None:
        from revops.lineage import telling
        from revops.warehouse.operations import KIND

        telling.declare({KIND: "Load of facts"})
