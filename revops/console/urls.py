from __future__ import annotations

from django.urls import URLPattern, path

from revops.console.customers import views as customers
from revops.console.identity import views as identity
from revops.console.ledger import views as ledger
from revops.console.people import emergencies, groups, identities
from revops.console.people import views as people
from revops.console.periods import views as periods
from revops.console.privacy import views as privacy
from revops.console.views import contracts, find, flows, home, journals, playbooks, threads, tours

app_name = "console"
urlpatterns: list[URLPattern] = [
    path("", home.home, name="home"),
    path("find", find.find, name="find"),
    path("customers/", customers.customers, name="customers"),
    path("customers/duplicates/", identity.duplicates, name="duplicates"),
    path("customers/duplicates/<int:id>/", identity.duplicate, name="duplicate"),
    path("customers/duplicates/<int:id>/decide", identity.decide, name="duplicate-decide"),
    path("customers/duplicates/merges/<int:id>/", identity.merge, name="merge"),
    path("customers/duplicates/merges/<int:id>/unmerge", identity.unmerge, name="unmerge"),
    path("customers/<int:id>/parent/", identity.parent, name="customer-parent"),
    path("customers/<int:id>/", customers.customer, name="customer"),
    path("customers/<int:id>/reveal", customers.customer_reveal, name="customer-reveal"),
    path("records/<slug:kind>/<int:id>/", customers.record, name="record"),
    path("records/<slug:kind>/<int:id>/reveal", customers.record_reveal, name="record-reveal"),
    path("lineage/", threads.start, name="threads"),
    path("lineage/<slug:kind>/<int:id>/", threads.lineage, name="lineage"),
    path("books/", ledger.journals, name="journals"),
    path("books/journals.csv", ledger.journals_csv, name="journals-csv"),
    path("books/schedules/", ledger.schedules, name="schedules"),
    path("books/schedules/<int:id>/", ledger.schedule, name="schedule"),
    path("books/deferred-revenue/", ledger.rollforward, name="rollforward"),
    path("books/trial-balance/", ledger.trial_balance, name="trial-balance"),
    path("books/periods/", periods.every, name="periods"),
    path("books/periods/<int:id>/", periods.one, name="period"),
    path("books/periods/<int:id>/open", periods.reopen, name="period-open"),
    path("journals/JE-<int:id>/", journals.journal, name="journal"),
    path("flows/", flows.every, name="flows"),
    path("flows/contracts/", contracts.every, name="contracts"),
    path("flows/runs/<int:id>/", flows.run, name="flow-run"),
    path("flows/runs/<int:id>/undo", flows.compensate, name="flow-undo"),
    path("flows/<str:event>/", flows.one, name="flow"),
    path("tours/", tours.every, name="tours"),
    path("tours/<slug:slug>/", tours.one, name="tour"),
    path("tours/<slug:slug>/act", tours.act, name="tour-act"),
    path("users/", people.users, name="users"),
    path("users/groups/", groups.groups, name="groups"),
    path("users/groups/change", groups.change, name="group-change"),
    path("users/invite", people.invite, name="users-invite"),
    path("users/access-review.csv", people.review, name="users-review"),
    path("users/<int:id>/", people.user, name="user"),
    path("users/<int:id>/reveal", people.reveal, name="user-reveal"),
    path("users/<int:id>/ask", people.ask, name="user-ask"),
    path("users/<int:id>/same-person", identities.tie, name="user-tie"),
    path("users/<int:id>/same-person/<int:tie>/end", identities.untie, name="user-untie"),
    path("users/<int:id>/second-factor/reset", identities.reset, name="user-reset"),
    path("users/<int:id>/deactivate", people.deactivate, name="user-deactivate"),
    path("users/<int:id>/roles/<int:assignment>/end", people.end, name="user-end"),
    path("break-glass/", emergencies.emergencies, name="emergencies"),
    path("break-glass/<int:number>/answer", emergencies.answer, name="emergency-answer"),
    path("break-glass/<int:number>/review", emergencies.review, name="emergency-review"),
    path("personal-data/", privacy.personal_data, name="personal-data"),
    path("playbooks/", playbooks.every, name="playbooks"),
    path("playbooks/<slug:slug>/", playbooks.one, name="playbook"),
]
