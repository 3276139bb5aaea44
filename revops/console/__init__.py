"""Pages across domains: home, find, lineage."""
