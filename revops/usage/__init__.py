"""What customers use: stored raw, matched to who pays for it, rated, and added up to lines."""
