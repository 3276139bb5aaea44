"""
Reading cases. Totals come from the tally and cost the same however many cases there are; lists are
paged by key; nothing is asked for row by row.

    selection   what an address asked for, as conditions on tally and cases
    saying      finding causes and cases by words
    pressing    which periods press, and which causes grow or are late
    choices     what the queue's controls offer: systems, people, saved views
    working     which case comes next
    closes      how near a period's end is, and so what a case endangers
    totals      the figures above the queue, the counts on its tabs, what a cause holds
    causes      the queue with one row for each cause
    cases       the queue with one row for each case, and every row for a file
    detail      one case with its story, attempts and neighbours
"""
