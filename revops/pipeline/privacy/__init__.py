"""Personal data at the end of their time: a person who asks to be forgotten, and what grows old."""
