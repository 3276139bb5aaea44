"""Set-based SQL for the line's inner loop; everything else uses the ORM."""
