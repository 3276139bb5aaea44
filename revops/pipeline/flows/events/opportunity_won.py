"""What follows when an opportunity is won."""

from __future__ import annotations

from revops.pipeline.flows.base import Flow, Undo, apply, ask, check, tell

FLOW = Flow(
    event="opportunity.won",
    title="An opportunity is won",
    about="The customer is set up in the ERP, and billing provisions what was sold.",
    steps=(
        apply("Keep the opportunity"),
        check("hierarchy", "The customer's place in its group is known"),
        check("sold", "It says what was sold, and from when"),
        ask(
            "customer.upsert",
            "Create or find the customer in the ERP",
            after=("hierarchy",),
            undo=Undo(why="The ERP keeps a customer that something may have been posted for."),
        ),
        ask(
            "billing.subscription.create",
            "Provision the subscription",
            after=("sold", "customer.upsert"),
            undo=Undo("billing.subscription.cancel"),
        ),
        tell(
            "crm.customer_link",
            "Link the account with billing",
            after=("billing.subscription.create",),
        ),
        tell("success.customer", "Tell customer success who the customer is", after=("hierarchy",)),
    ),
)
