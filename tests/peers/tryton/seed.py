"""
Makes an empty Tryton database into our company's books. Runs in the peer's own environment.

    python seed.py DATABASE        (TRYTOND_DATABASE__URI names the server, SEED the secrets)

SEED is JSON: ``companies`` (party code, name, currency, time zone), ``digits`` of the currencies,
``years``, ``accounts`` (code, name, type), ``party_required`` (codes), ``login``, ``password`` and
``key``. Only Tryton's own client library is used, so that everything is checked as if a person had
typed it.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import sys
from decimal import Decimal
from typing import Any

from proteus import Model, Wizard, config

TYPES: dict[str, dict[str, Any]] = {
    "receivable": {"statement": "balance", "assets": True, "receivable": True},
    "asset": {"statement": "balance", "assets": True},
    "contract asset": {"statement": "balance", "assets": True, "deposit": True},
    "liability": {"statement": "balance"},
    "deposit": {"statement": "balance", "deposit": True},
    "payable": {"statement": "balance", "payable": True},
    "revenue": {"statement": "income", "revenue": True},
    "expense": {"statement": "income", "expense": True},
}


def main(database: str, wanted: dict[str, Any]) -> None:
    session = config.set_trytond(database=database, user="admin")
    companies = []
    for code, name, currency, zone in wanted["companies"]:
        company = make_company(session, code, name, make_currency(currency, wanted["digits"]), zone)
        make_accounts(company, wanted)
        for year in wanted["years"]:
            make_year(company, year)
        companies.append(company)
    make_user(companies, wanted)
    Model.get("country.country")(name="Germany", code="DE").save()


def make_currency(code: str, digits: int) -> Any:
    currency = Model.get("currency.currency")(name=code, symbol=code, code=code, digits=digits)
    currency.rounding = Decimal(1).scaleb(-digits)
    currency.save()
    return currency


def make_company(session: Any, code: str, name: str, currency: Any, zone: str) -> Any:
    """The administrator works in it until the next one is made."""
    User, Company = Model.get("res.user"), Model.get("company.company")
    party = Model.get("party.party")(code=code, name=name)
    party.save()
    wizard = Wizard("company.company.config")
    wizard.execute("company")
    wizard.form.party, wizard.form.currency, wizard.form.timezone = party, currency, zone
    wizard.execute("add")
    (company,) = Company.find([("party", "=", party.id)])
    (admin,) = User.find([("login", "=", "admin")])
    if company not in admin.companies:
        admin.companies.append(Company(company.id))
    admin.company, admin.company_filter = Company(company.id), "all"
    admin.save()
    session._context = User.get_preferences(True, {})
    return company


def make_accounts(company: Any, wanted: dict[str, Any]) -> None:
    Type, Account = Model.get("account.account.type"), Model.get("account.account")
    root = Type(name="Books", company=company)
    root.save()
    types = {}
    for name, flags in TYPES.items():
        kind = Type(name=name.capitalize(), parent=root, company=company)
        for flag, value in flags.items():
            setattr(kind, flag, value)
        kind.save()
        types[name] = kind
    for code, name, kind in wanted["accounts"]:
        account = Account(code=code, name=name, company=company, type=types[kind])
        account.party_required = code in wanted["party_required"]
        account.reconcile = account.party_required
        account.save()


def make_year(company: Any, year: int) -> None:
    fiscal = Model.get("account.fiscalyear")(name=str(year), company=company)
    fiscal.move_sequence = make_sequence(company, year, "Account Move", f"{year}/")
    # Tryton's own numbers for invoices; those that are given one with their draft do not use them.
    (numbers,) = fiscal.invoice_sequences
    for kind in ("out_invoice", "out_credit_note", "in_invoice", "in_credit_note"):
        sequence = make_sequence(company, year, "Invoice", f"{kind}-{year}-")
        setattr(numbers, f"{kind}_sequence", sequence)
    fiscal.start_date, fiscal.end_date = dt.date(year, 1, 1), dt.date(year, 12, 31)
    fiscal.save()
    fiscal.click("create_period")


def make_sequence(company: Any, year: int, kind: str, prefix: str) -> Any:
    (type_,) = Model.get("ir.sequence.type").find([("name", "=", kind)], limit=1)
    sequence = Model.get("ir.sequence.strict")(sequence_type=type_, company=company)
    sequence.name, sequence.prefix, sequence.padding = f"{company.rec_name} {year}", prefix, 6
    sequence.save()
    return sequence


def make_user(companies: list[Any], wanted: dict[str, Any]) -> None:
    """The technical user of the console: accounting rights, and nothing of administration."""
    User, Group = Model.get("res.user"), Model.get("res.group")
    (accounting,) = Group.find([("name", "=", "Accounting")])
    user = User(name="RevOps Console", login=wanted["login"], password=wanted["password"])
    user.companies.extend(companies)
    user.company, user.company_filter = companies[0], "all"
    user.groups.append(accounting)
    user.save()
    Application = Model.get("res.user.application")
    Application(user=user, application="rest", key=wanted["key"]).save()


if __name__ == "__main__":
    main(sys.argv[1], json.loads(os.environ["SEED"]))
