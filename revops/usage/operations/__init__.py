"""Writing usage: taking records in, matching them to who pays, rating, policies."""
