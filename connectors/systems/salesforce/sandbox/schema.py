"""The objects of the sandbox: their fields, how they hang together, and what a field takes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final


@dataclass(frozen=True, slots=True)
class Kind:
    """
    ``fields`` by type: ``text:80``, ``number:2`` (decimals), ``date``, ``datetime``, ``boolean``,
    ``id:Account``. ``children``: relationship → (object, its field). ``parents``: name → (our
    field, object). ``unique``: external ids. ``read_only``: fields that calls may not write.
    """

    prefix: str
    fields: dict[str, str]
    required: tuple[str, ...] = ()
    unique: tuple[str, ...] = ()
    read_only: tuple[str, ...] = ()
    children: dict[str, tuple[str, str]] = field(default_factory=dict)
    parents: dict[str, tuple[str, str]] = field(default_factory=dict)


SYSTEM: Final = ("Id", "IsDeleted", "CreatedDate", "LastModifiedDate", "SystemModstamp")
_SYSTEM: Final = {
    "Id": "id", "IsDeleted": "boolean", "CreatedDate": "datetime",
    "LastModifiedDate": "datetime", "SystemModstamp": "datetime", "CurrencyIsoCode": "text:3",
}  # fmt: skip
_RENEWAL: Final = {
    "RevOps_Renewal_Stamp__c": "text:255", "Renewal_Value__c": "number:3",
    "Renewal_Currency__c": "text:3", "Renews_On__c": "date", "Renewal_Risk__c": "text:40",
}  # fmt: skip
_SUBSCRIPTION: Final = {
    "RevOps_Subscription_Stamp__c": "text:255", "Subscription_ID__c": "text:120",
    "Subscription_Status__c": "text:255", "Subscription_Started_On__c": "date",
    "Subscription_Renews_On__c": "date",
}  # fmt: skip
_LINE: Final = {
    "Product2Id": "id:Product2", "Quantity": "number:2", "UnitPrice": "number:4",
    "TotalPrice": "number:3",
}  # fmt: skip
_PRODUCT: Final = {"Product2": ("Product2Id", "Product2")}

KINDS: Final[dict[str, Kind]] = {
    "User": Kind("005", {**_SYSTEM, "Name": "text:121"}),
    "Account": Kind(
        "001",
        {
            **_SYSTEM, **_RENEWAL, "Name": "text:255", "ParentId": "id:Account",
            "MasterRecordId": "id:Account", "Website": "text:255", "OwnerId": "id:User",
            "BillingStreet": "text:255", "BillingCity": "text:40", "BillingState": "text:80",
            "BillingPostalCode": "text:20", "BillingCountry": "text:80", "VAT_ID__c": "text:40",
            "Region__c": "text:40", "Legal_Entity__c": "text:40", "Billing_Email__c": "text:80",
            "Stripe_Customer_ID__c": "text:120", "ERP_ID__c": "text:120",
            "Chargebee_Customer_ID__c": "text:120",
            "RevOps_Health_Stamp__c": "text:255", "Health_Score__c": "number:2",
            "Health_Band__c": "text:40", "Health_Reason__c": "text:255",
            "Health_Measured_On__c": "date", "RevOps_Link_Stamp__c": "text:255",
        },
        required=("Name",),
        read_only=("MasterRecordId",),
        parents={"Owner": ("OwnerId", "User"), "Parent": ("ParentId", "Account")},
    ),
    "Opportunity": Kind(
        "006",
        {
            **_SYSTEM, **_RENEWAL, **_SUBSCRIPTION, "Name": "text:120", "AccountId": "id:Account",
            "StageName": "text:40", "Amount": "number:3", "CloseDate": "date", "Type": "text:40",
            "IsClosed": "boolean", "IsWon": "boolean", "OwnerId": "id:User",
            "Start__c": "date", "End__c": "date", "Loss_Reason__c": "text:255",
        },
        required=("Name", "StageName", "CloseDate"),
        read_only=("IsClosed", "IsWon"),
        children={"OpportunityLineItems": ("OpportunityLineItem", "OpportunityId")},
        parents={"Owner": ("OwnerId", "User"), "Account": ("AccountId", "Account")},
    ),
    "OpportunityLineItem": Kind(
        "00k",
        {**_SYSTEM, **_LINE, "OpportunityId": "id:Opportunity", "ProductCode": "text:255"},
        required=("OpportunityId",),
        parents=_PRODUCT,
    ),
    "Product2": Kind("01t", {**_SYSTEM, "Name": "text:255", "ProductCode": "text:255"}),
    "Quote": Kind(
        "0Q0",
        {
            **_SYSTEM, "Name": "text:255", "OpportunityId": "id:Opportunity",
            "QuoteNumber": "text:30", "Status": "text:40", "GrandTotal": "number:3",
        },
        required=("OpportunityId",),
        children={"QuoteLineItems": ("QuoteLineItem", "QuoteId")},
    ),
    "QuoteLineItem": Kind(
        "0QL", {**_SYSTEM, **_LINE, "QuoteId": "id:Quote"}, ("QuoteId",), parents=_PRODUCT
    ),
    # Salesforce CPQ, as its developer guide and published descriptions of orgs have it.
    "SBQQ__Quote__c": Kind(
        "a0Q",
        {
            **_SYSTEM, "Name": "text:80", "SBQQ__Opportunity2__c": "id:Opportunity",
            "SBQQ__Account__c": "id:Account", "SBQQ__Status__c": "text:40",
            "SBQQ__Primary__c": "boolean", "SBQQ__NetAmount__c": "number:3",
        },
        children={"SBQQ__LineItems__r": ("SBQQ__QuoteLine__c", "SBQQ__Quote__c")},
    ),
    "SBQQ__QuoteLine__c": Kind(
        "a0L",
        {
            **_SYSTEM, "SBQQ__Quote__c": "id:SBQQ__Quote__c", "SBQQ__Product__c": "id:Product2",
            "SBQQ__ProductCode__c": "text:255", "SBQQ__Quantity__c": "number:2",
            "SBQQ__NetPrice__c": "number:4", "SBQQ__NetTotal__c": "number:3",
            "SBQQ__Optional__c": "boolean",
        },
        required=("SBQQ__Quote__c",),
    ),
    "Contract": Kind(
        "800",
        {
            **_SYSTEM, **_SUBSCRIPTION, "AccountId": "id:Account", "ContractNumber": "text:30",
            "Status": "text:40", "StartDate": "date", "EndDate": "date",
            "CustomerSignedDate": "date", "ActivatedDate": "datetime", "Cancelled_On__c": "date",
            "Cancel_Reason__c": "text:255", "Net_Days__c": "number:0",
        },
        required=("AccountId",),
        children={"Orders": ("Order", "ContractId")},
        parents={"Account": ("AccountId", "Account")},
    ),
    "Order": Kind(
        "801",
        {
            **_SYSTEM, "AccountId": "id:Account", "ContractId": "id:Contract",
            "OpportunityId": "id:Opportunity", "OrderNumber": "text:30", "Type": "text:40",
            "Status": "text:40", "StatusCode": "text:40", "EffectiveDate": "date",
            "Description": "text:255",
        },
        required=("AccountId", "EffectiveDate"),
        children={"OrderItems": ("OrderItem", "OrderId")},
    ),
    "OrderItem": Kind(
        "802", {**_SYSTEM, **_LINE, "OrderId": "id:Order"}, ("OrderId",), parents=_PRODUCT
    ),
    "RevOps_Invoice__c": Kind(
        "a0I",
        {
            **_SYSTEM, "Name": "text:80", "RevOps_Id__c": "text:100",
            "RevOps_Stamp__c": "text:255", "Account__c": "id:Account", "State__c": "text:40",
            "Currency__c": "text:3", "Total__c": "number:3", "Open__c": "number:3",
            "Issued_On__c": "date", "Due_On__c": "date", "Paid_On__c": "date",
            "Payment_State__c": "text:40", "Reason__c": "text:255",
            "Console_Link__c": "text:255",
        },
        unique=("RevOps_Id__c",),
    ),
}  # fmt: skip
