"""
What the console tells people, and how each of them wants to be told.

    operations.tell(recipients=[7], kind="approval_asked", title="…", text="…",
                    link="/approvals/APR-12/", entity="US-INC", key="approvals:12:1:1:asked")

A notice is a row, written in the transaction of what it tells of. In the console it is there at
once; by e-mail and chat it goes out as a command of the delivery engine, which the line's beat
makes (``revops/pipeline/notifying``). Who may see what a link leads to is decided there, not here.
"""
