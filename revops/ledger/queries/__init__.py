"""
Reading the books. Each function makes a fixed number of set-wise queries and returns plain values;
amounts are signed minor units, debit positive unless a name says otherwise.

    trial_balance   accounts by currency, opening, movement and closing of a period
    rollforward     deferred revenue from period to period, tied to journals and schedules (I3)
    controls        receivables and credit balances (I4), clearing (I5), tax (I6)
    unconditional   billed, unpaid and not yet unconditional
"""
