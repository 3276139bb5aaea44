"""What NetSuite does with a record: checks and numbers it, and moves amounts on accounts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from connectors.systems.netsuite.sandbox import chart
from connectors.systems.netsuite.sandbox.store import Store

Json = Mapping[str, Any]

_HEAD: Final = frozenset(
    ("externalId", "subsidiary", "tranDate", "postingPeriod", "currency", "memo")
)
_SALE: Final = frozenset(("entity", "account", "otherRefNum", "item"))
FIELDS: Final[Mapping[str, frozenset[str]]] = {
    "journalEntry": _HEAD | {"line"},
    "invoice": _HEAD | _SALE | {"dueDate"},
    "creditMemo": _HEAD | _SALE | {"autoApply", "apply"},
    "customerPayment": _HEAD
    | {"customer", "arAcct", "account", "undepFunds", "payment", "autoApply", "apply"},
    "customer": frozenset(
        ("companyName", "isPerson", "subsidiary", "vatRegNumber", "addressBook", chart.KEY_FIELD)
    ),
}
TYPES: Final = {
    "journalEntry": ("Journal", "JE"),
    "invoice": ("CustInvc", "INV"),
    "creditMemo": ("CustCred", "CM"),
    "customerPayment": ("CustPymt", "PYMT"),
}


class Refusal(Exception):
    """A 400; ``path`` is where in the body."""

    def __init__(self, detail: str, code: str = "USER_ERROR", path: str = "") -> None:
        super().__init__(detail)
        self.detail = detail
        self.code = code
        self.path = path


@dataclass(frozen=True, slots=True)
class Side:
    account: int
    amount: Decimal
    entity: int | None = None
    memo: str = ""
    department: int | None = None
    classification: int | None = None


class Ledger:
    """``approvals``: journals wait for somebody's approval before they are posted."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.approvals = False

    def create(self, record: str, body: Json) -> int:
        """The new transaction's internal id. Raises Refusal."""
        _known_fields(record, body)
        external = str(body.get("externalId") or "")
        taken = self.store.one('SELECT id FROM "transaction" WHERE externalid = ?', external)
        if external and taken is not None:
            raise Refusal("Error while accessing a resource. This record already exists.")
        subsidiary = self._ref("subsidiary", body, "subsidiary")
        period = self._period(record, body)
        entity, sides, total = self._sides(record, body)
        if sum(side.amount for side in sides):
            raise Refusal("The amounts in a journal entry must balance.")
        kind, prefix = TYPES[record]
        posted = not (self.approvals and record == "journalEntry")
        number = self.store.insert(
            "transaction",
            {
                "externalid": external or None,
                "type": kind,
                "trandate": str(body["tranDate"]),
                "posting": "T" if posted else "F",
                "memo": body.get("memo"),
                "entity": entity,
                "otherrefnum": body.get("otherRefNum"),
                "currency": self._ref("currency", body, "currency"),
                "foreigntotal": str(-total if record == "creditMemo" else total),
                "foreignamountunpaid": str(total) if record == "invoice" else None,
                "postingperiod": period,
                "duedate": body.get("dueDate"),
            },
        )
        update = 'UPDATE "transaction" SET tranid = ? WHERE id = ?'
        self.store.db.execute(update, (f"{prefix}{number}", number))
        self._write(number, sides, subsidiary, posted=posted)
        self._apply(body, total if record in ("creditMemo", "customerPayment") else None)
        return number

    def _write(self, number: int, sides: Sequence[Side], subsidiary: int, *, posted: bool) -> None:
        for line, side in enumerate(sides):
            self.store.insert(
                "transactionline",
                {
                    "transaction": number,
                    "id": line,
                    "mainline": "F" if line else "T",
                    "subsidiary": subsidiary,
                    "memo": side.memo or None,
                    "entity": side.entity,
                    "department": side.department,
                    "class": side.classification,
                },
            )
            self.store.insert(
                "transactionaccountingline",
                {
                    "transaction": number,
                    "transactionline": line,
                    "accountingbook": 1,
                    "account": side.account,
                    "debit": str(side.amount) if side.amount > 0 else None,
                    "credit": str(-side.amount) if side.amount < 0 else None,
                    "posting": "T" if posted else "F",
                },
            )

    def _sides(self, record: str, body: Json) -> tuple[int | None, list[Side], Decimal]:
        if record == "journalEntry":
            sides = [self._journal_line(item, place) for place, item in _items(body, "line")]
            if not sides:
                raise Refusal("You must enter at least one line item for this transaction.")
            total = sum((side.amount for side in sides if side.amount > 0), Decimal(0))
            return next((side.entity for side in sides if side.entity), None), sides, total
        if record == "customerPayment":
            customer = self._ref("customer", body, "customer")
            amount = _amount(body.get("payment"), "payment")
            to = self._ref("account", body, "account")
            if self._type(to) not in chart.PAYS_TO or body.get("undepFunds") != {"id": "F"}:
                raise _reference("account", to)
            receivable = self._receivable(body, "arAcct")
            return customer, [Side(receivable, -amount, customer), Side(to, amount)], amount
        entity = self._ref("customer", body, "entity")
        sign = -1 if record == "invoice" else 1
        sold = [self._sold(item, place, sign) for place, item in _items(body, "item")]
        total = sign * sum((side.amount for side in sold), Decimal(0))
        main = Side(self._receivable(body, "account"), -sign * total, entity)
        return entity, [main, *sold], total

    def _journal_line(self, item: Json, place: int) -> Side:
        account = self._ref("account", item, "account", f"line.items[{place}].account")
        debit, credit = (_amount(item.get(side), side) for side in ("debit", "credit"))
        entity = (
            self._ref("customer", item, "entity", f"line.items[{place}].entity")
            if "entity" in item
            else None
        )
        if self._type(account) == "AcctRec" and entity is None:
            raise Refusal("Please choose an entity for the accounts receivable line.")
        return Side(account, debit - credit, entity, str(item.get("memo") or ""), *self._tags(item))

    def _sold(self, item: Json, place: int, sign: int) -> Side:
        number = self._ref("item", item, "item", f"item.items[{place}].item")
        row = self.store.one("SELECT incomeaccount FROM item WHERE id = ?", number)
        assert row is not None
        amount = sign * _amount(item.get("amount"), "amount")
        return Side(
            row["incomeaccount"], amount, None, str(item.get("description") or ""),
            *self._tags(item),
        )  # fmt: skip

    def _tags(self, item: Json) -> tuple[int | None, int | None]:
        department = self._ref("department", item, "department") if "department" in item else None
        named = self._ref("classification", item, "class") if "class" in item else None
        return department, named

    def _apply(self, body: Json, most: Decimal | None) -> None:
        applied = Decimal(0)
        for place, item in _items(body, "apply"):
            number = str((item.get("doc") or {}).get("id") or "")
            query = """SELECT id, foreignamountunpaid FROM "transaction"
                WHERE id = ? AND type = 'CustInvc'"""
            invoice = self.store.one(query, number)
            amount = _amount(item.get("amount"), "amount")
            applied += amount
            if invoice is None or item.get("apply") is not True:
                raise _reference("doc", number, f"apply.items[{place}].doc")
            left = Decimal(invoice["foreignamountunpaid"]) - amount
            if left < 0 or most is None or applied > most:
                raise Refusal("You cannot apply more than the amount that is due.")
            update = 'UPDATE "transaction" SET foreignamountunpaid = ? WHERE id = ?'
            self.store.db.execute(update, (str(left), invoice["id"]))

    def _period(self, record: str, body: Json) -> int:
        number = self._ref("accountingperiod", body, "postingPeriod")
        row = self.store.one("SELECT * FROM accountingperiod WHERE id = ?", number)
        assert row is not None
        day = str(body.get("tranDate") or "")
        if not row["startdate"] <= day <= row["enddate"]:
            raise _reference("postingperiod", number)
        documents = record != "journalEntry"
        if "T" in (row["closed"], row["alllocked"]) or (documents and row["arlocked"] == "T"):
            raise Refusal(
                "This transaction lies in a closed period. To change this transaction, you must "
                "re-open the period.",
                "CLOSED_TRAN_PRD",
            )
        return number

    def _receivable(self, body: Json, field: str) -> int:
        number = self._ref("account", body, field)
        if self._type(number) != "AcctRec":
            raise _reference(field.lower(), number)
        return number

    def _type(self, account: int) -> str:
        row = self.store.one("SELECT accttype FROM account WHERE id = ?", account)
        return str(row["accttype"]) if row else ""

    def _ref(self, table: str, body: Json, field: str, path: str = "") -> int:
        value = body.get(field)
        number = str(value.get("id") or "") if isinstance(value, Mapping) else ""
        active = "" if table in ("subsidiary", "currency", "accountingperiod") else (
            " AND isinactive = 'F'"
        )  # fmt: skip
        query = f"SELECT id FROM {table} WHERE id = ?{active}"  # noqa: S608  our own names
        row = self.store.one(query, number)
        if row is None:
            raise _reference(field.lower(), number, path or field)
        return int(row["id"])


def _known_fields(record: str, body: Json) -> None:
    unknown = sorted(set(body) - FIELDS[record])
    if unknown:
        raise Refusal(f"Unknown reference or field: {unknown[0]}.", "INVALID_CONTENT", unknown[0])


def _items(body: Json, sublist: str) -> list[tuple[int, Json]]:
    held = body.get(sublist)
    items = held.get("items") if isinstance(held, Mapping) else None
    return list(enumerate(items or ()))


def _amount(value: Any, field: str) -> Decimal:
    if value is None:
        return Decimal(0)
    if isinstance(value, bool | str):
        raise Refusal(f"The field {field} must be a number.", "INVALID_CONTENT", field)
    try:
        return Decimal(str(value))
    except InvalidOperation as error:
        raise Refusal(f"The field {field} must be a number.", "INVALID_CONTENT", field) from error


def _reference(field: str, value: object, path: str = "") -> Refusal:
    detail = (
        "Error while accessing resource: You have entered an Invalid Field Value "
        f"{value} for the following field: {field}"
    )
    return Refusal(detail, "INVALID_CONTENT", path or field)
