"""Pages across domains: home, find, threads, journals, playbooks."""
