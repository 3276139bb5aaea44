"""
A document of which an ERP took a part: several postings of one fact, some of which stand and some
of which were refused (accounting.md J12).

``legs`` reads them, ``noticing`` makes cases of them, ``taking_back`` proposes and does the
reversal, ``subject`` has somebody else agree, ``acts`` is what people can do.
"""
