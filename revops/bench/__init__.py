"""What ``make bench`` runs: our figures beside the limits of the machine in the same run."""
