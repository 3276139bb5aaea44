"""What changes reconciliation: loading, running, matching, signing, rules."""
