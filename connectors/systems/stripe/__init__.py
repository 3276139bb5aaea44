"""Stripe as a source: billing, payments and payouts, by webhook and by polling."""
