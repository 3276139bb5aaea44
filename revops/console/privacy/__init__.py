"""Personal data: asking that a person be forgotten, and what is kept how long."""
