"""Lookups for whoever is quoting or answering a customer, one file each; all under one scope."""

from revops.api.views.lookups.account import Account
from revops.api.views.lookups.credit import Credit
from revops.api.views.lookups.entitlement import Entitlement
from revops.api.views.lookups.invoice import Invoice
from revops.api.views.lookups.price import Price

__all__ = ["Account", "Credit", "Entitlement", "Invoice", "Price"]
