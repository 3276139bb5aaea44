"""The inbox: raw events stored once before anything is understood, and the business events in them."""
