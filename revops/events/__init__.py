"""The inbox: raw events, stored before anything is understood, and the business events in them."""
