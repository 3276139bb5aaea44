"""The audit trail: who did what to what, in a chain that shows when somebody changed it."""
