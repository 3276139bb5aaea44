"""What is compared: every module here declares one ``Check``; ``registry.all()`` finds them."""
