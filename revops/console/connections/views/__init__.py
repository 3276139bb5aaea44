"""The list of connections, the page of one, and what people do on them."""
