"""Pages: the list of runs, one run, the workbench, the rules."""
