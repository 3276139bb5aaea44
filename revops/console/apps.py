from __future__ import annotations

from django.apps import AppConfig
from django.conf import settings


class ConsoleConfig(AppConfig):
    name = "revops.console"
    label = "console"

    def ready(self) -> None:
        from approvals import subjects
        from revops.console.connections import rail
        from revops.console.connections.setup.subject import ConnectionChange
        from revops.console.me import sections
        from revops.console.people.groups import GroupChange
        from revops.console.people.recovery import SecondFactorReset
        from revops.console.people.subject import RoleChange
        from revops.console.queries import scopes
        from revops.notices.views import settings_context
        from revops.web import nav, scope

        sections.declare(
            sections.Section(
                "notices", "Notices by e-mail and chat", "notices/_settings.html", settings_context
            )
        )
        subjects.register(RoleChange(), GroupChange(), SecondFactorReset(), ConnectionChange())
        scope.declare(entities=scopes.entities, periods=scopes.periods)
        nav.declare(
            nav.Item("Home", "console:home", "home.view", group=nav.WORK, order=0, key="h"),
            nav.Item(
                "Lineage", "console:threads", "lineage.view", group=nav.WATCH, order=20, key="l"
            ),
            nav.Item("Customers", "console:customers", "customers.view", group=nav.WORK, order=30),
            nav.Item("Books", "console:journals", "books.view", group=nav.WATCH, order=25, key="b"),
            nav.Item("Events", "events:list", "lineage.view", group=nav.WATCH, order=28),
            nav.Item("Flows", "console:flows", "flows.view", group=nav.WATCH, order=30, key="f"),
            nav.Item(
                "Mappings", "mappings:home", "mappings.view", group=nav.SET_UP, order=10, key="m"
            ),
            nav.Item(
                "Ownership", "mappings:ownership", "mappings.view", group=nav.SET_UP, order=20
            ),
            nav.Item(
                "Playbooks", "console:playbooks", "playbooks.view", group=nav.SET_UP, order=40
            ),
        )
        nav.declare(nav.Item("Audit trail", "audit:trail", "audit.view", group=nav.WATCH, order=60))
        nav.declare(
            nav.Item(
                "Personal data",
                "console:personal-data",
                "privacy.erase",
                group=nav.SET_UP,
                order=55,
            )
        )
        nav.declare(nav.Item("Users", "console:users", "people.view", group=nav.SET_UP, order=50))
        if settings.REVOPS_DEMO:
            nav.declare(
                nav.Item("Tours", "console:tours", "sandbox.operate", group=nav.WORK, order=60)
            )
        rail.declare()
