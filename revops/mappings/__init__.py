"""Legal entities, chart of accounts, effective-dated maps, and which ERP keeps which books."""
