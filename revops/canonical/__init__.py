"""Our copy of the business: customers, subscriptions, invoices, payments, payouts, and their ids elsewhere."""
