"""The queue, the page of a cause, the page of a case, and what people do on them."""
