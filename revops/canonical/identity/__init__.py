"""
Which customers may be one, where nothing certain says so; and what a person decides about it.

    names      names of companies without what does not tell them apart
    scoring    two customers compared: evidence in sentences and a score; pure
    sides      what is known of customers, from all their accounts
    finder     pairs that are alike, proposed once
    deciding   merge, part again, keep apart
    standing   who is above whom; a parent that a person sets
    effects    what a merge would bring together
"""
