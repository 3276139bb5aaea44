"""Our copy of the business: customers, invoices, payments, payouts … and their ids elsewhere."""
