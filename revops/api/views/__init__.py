"""What services may ask and tell, one file per subject; ``base.py`` holds what they share."""
