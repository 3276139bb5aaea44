"""Outbound messages: SOAP, up to a hundred notifications in one, sent until ``Ack`` is true."""

from __future__ import annotations

import asyncio
import re
import time
from typing import Final
from xml.sax.saxutils import escape, quoteattr

from connectors.sandboxes.calls import HOOK, Caller
from connectors.sandboxes.faults import Faults
from connectors.systems.salesforce.sandbox.tokens import Config
from connectors.systems.salesforce.sandbox.world import World, new_id

SENDS: Final = ("Account", "Opportunity", "Quote", "Contract", "Order")
_FIELDS: Final = ("Name", "StageName", "Status", "SystemModstamp")
_MOST: Final = 100
_GATHER_S: Final = 0.2
_ACK: Final = re.compile(rb"<(?:\w+:)?Ack>\s*true\s*</(?:\w+:)?Ack>")


class Outbound(Caller):
    """
    Hears of each change and sends it, with the values of the moment of sending; ``url`` may be set
    while it runs.
    """

    def __init__(self, world: World, faults: Faults, config: Config) -> None:
        super().__init__()
        self._world = world
        self._faults = faults
        self._config = config
        self._waiting: dict[tuple[str, str], str] = {}
        # Ids go on when the sandbox starts again: no id is of two messages.
        self._counter = time.time_ns() // 1_000
        self.url = config.webhook_url
        world.listeners.append(self.changed)

    def changed(self, kind: str, identity: str) -> None:
        if not self.url or kind not in SENDS:
            return
        first = not self._waiting
        if (kind, identity) not in self._waiting:
            self._counter += 1
            self._waiting[kind, identity] = new_id("04l", self._counter)
        if first:
            self.start(self._gather())

    async def _gather(self) -> None:
        """An outbound message is of one object; changes of a moment go into one."""
        await asyncio.sleep(_GATHER_S)
        waiting, self._waiting = self._waiting, {}
        for kind in SENDS:
            members = [(note, one) for (of, one), note in waiting.items() if of == kind]
            for start in range(0, len(members), _MOST):
                chunk = members[start : start + _MOST]
                if self._faults.hit("drop_webhooks", HOOK):
                    self._note(kind, chunk, 0, "dropped")
                    continue
                copies = 2 if self._faults.hit("duplicate_webhooks", HOOK) else 1
                for _ in range(copies):
                    self.start(self._deliver(kind, chunk))

    async def _deliver(self, kind: str, chunk: list[tuple[str, str]]) -> None:
        for attempt in range(self._config.retries + 1):
            result = await self._post(self.message(kind, chunk))
            self._note(kind, chunk, attempt + 1, result)
            if result == "acknowledged":
                return
            # Doubling, and never more than two hours apart.
            await asyncio.sleep(min(7200, self._config.retry_base_s * 2**attempt))

    async def _post(self, body: bytes) -> int | str:
        headers = {"Content-Type": "text/xml; charset=utf-8", "SOAPAction": '""'}
        status, said = await self.ask(self.url, content=body, headers=headers)
        # Only the Ack counts, not the status alone.
        return "acknowledged" if status == 200 and _ACK.search(said) else status

    def message(self, kind: str, chunk: list[tuple[str, str]]) -> bytes:
        """``chunk``: (notification's id, record's id)."""
        notes = "".join(self._notification(kind, note, one) for note, one in chunk)
        return (
            '<?xml version="1.0" encoding="UTF-8"?>\n'
            '<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" '
            'xmlns:xsd="http://www.w3.org/2001/XMLSchema" '
            'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><soapenv:Body>'
            '<notifications xmlns="http://soap.sforce.com/2005/09/outbound">'
            f"<OrganizationId>{escape(self._config.organization)}</OrganizationId>"
            '<ActionId>04k5g0000000001AAA</ActionId><SessionId xsi:nil="true"/>'
            "<EnterpriseUrl>https://sandbox.my.salesforce.com/services/Soap/c/62.0</EnterpriseUrl>"
            "<PartnerUrl>https://sandbox.my.salesforce.com/services/Soap/u/62.0</PartnerUrl>"
            f"{notes}</notifications></soapenv:Body></soapenv:Envelope>"
        ).encode()

    def _notification(self, kind: str, note: str, identity: str) -> str:
        row = self._world.rows[kind][identity]
        fields = "".join(
            f"<sf:{name}>{escape(str(row[name]).replace('+0000', 'Z'))}</sf:{name}>"
            for name in _FIELDS
            if row.get(name) is not None
        )
        return (
            f"<Notification><Id>{note}</Id><sObject xsi:type={quoteattr(f'sf:{kind}')} "
            f'xmlns:sf="urn:sobject.enterprise.soap.sforce.com"><sf:Id>{identity}</sf:Id>{fields}'
            "</sObject></Notification>"
        )

    def _note(
        self, kind: str, chunk: list[tuple[str, str]], attempt: int, result: int | str
    ) -> None:
        ids = [one for _, one in chunk]
        told = {"object": kind, "records": ids, "attempt": attempt, "result": result}
        self.called.append(told)
