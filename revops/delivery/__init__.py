"""The outbox: one engine sends everything to everyone, loses nothing and sends nothing twice."""
