"""
What the service's schema insists on: known names, in its order, no longer than their types, and
those that may not be missing. SAP answers anything else with 500 and a fault.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from connectors.systems.sap.xml import Element

_ORDER: Final[Mapping[str, str]] = {
    "JournalEntryCreateRequest": "MessageHeader JournalEntry",
    "MessageHeader": "ID UUID ReferenceID CreationDateTime TestDataIndicator",
    "JournalEntry": (
        "OriginalReferenceDocumentType OriginalReferenceDocument BusinessTransactionType "
        "AccountingDocumentType DocumentReferenceID DocumentHeaderText ReversalReason "
        "ReversalReferenceDocument CreatedByUser CompanyCode DocumentDate PostingDate "
        "PostingFiscalPeriod TaxDeterminationDate ExchangeRateDate ExchangeRate "
        "Reference1InDocumentHeader Reference2InDocumentHeader Item DebtorItem CreditorItem "
        "ProductTaxItem WithholdingTaxItem"
    ),
    "Item": (
        "ReferenceDocumentItem GLAccount AmountInTransactionCurrency AmountInCompanyCodeCurrency "
        "DebitCreditCode DocumentItemText AssignmentReference Tax ValueDate HouseBank "
        "Reference1IDByBusinessPartner AccountAssignment"
    ),
    "DebtorItem": (
        "ReferenceDocumentItem Debtor AmountInTransactionCurrency AmountInCompanyCodeCurrency "
        "DebitCreditCode AltvRecnclnAccts DocumentItemText AssignmentReference "
        "Reference1IDByBusinessPartner Reference2IDByBusinessPartner "
        "Reference3IDByBusinessPartner CashDiscountTerms PaymentDetails"
    ),
    "CashDiscountTerms": (
        "CashDiscountBaseAmount DueCalculationBaseDate CashDiscount1Days CashDiscount1Percent "
        "CashDiscount2Days CashDiscount2Percent NetPaymentDays"
    ),
    "AccountAssignment": "AccountAssignmentType OrderID ProfitCenter Segment CostCenter WBSElement",
}
_REQUIRED: Final[Mapping[str, str]] = {
    "MessageHeader": "CreationDateTime",
    "JournalEntry": (
        "OriginalReferenceDocumentType BusinessTransactionType AccountingDocumentType "
        "CreatedByUser CompanyCode DocumentDate PostingDate"
    ),
    "Item": "GLAccount AmountInTransactionCurrency",
    "DebtorItem": "ReferenceDocumentItem Debtor AmountInTransactionCurrency",
    "CashDiscountTerms": "DueCalculationBaseDate NetPaymentDays",
}
_LONGEST: Final = {
    "ID": 35, "DocumentReferenceID": 16, "DocumentHeaderText": 25, "CreatedByUser": 12,
    "DocumentItemText": 50, "AssignmentReference": 18, "ReferenceDocumentItem": 10,
}  # fmt: skip


def problem(element: Element) -> str:
    """What is wrong with it or below it, “” when nothing is."""
    names = [child.name for child in element.children]
    order = _ORDER.get(element.name, "").split()
    if order:
        unknown = [name for name in names if name not in order]
        if unknown:
            return f"{element.name}: {unknown[0]} is not expected"
        places = [order.index(name) for name in names]
        if places != sorted(places):
            return f"{element.name}: elements are not in their order"
        missing = [name for name in _REQUIRED.get(element.name, "").split() if name not in names]
        if missing:
            return f"{element.name}: {missing[0]} is missing"
    if len(element.text.strip()) > _LONGEST.get(element.name, 255):
        return f"{element.name} is too long"
    return next((found for child in element.children if (found := problem(child))), "")
