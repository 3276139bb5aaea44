from __future__ import annotations

from django.urls import URLPattern, path

from revops.credits.views import asking, following, taking_back, terms

app_name = "credits"
urlpatterns: list[URLPattern] = [
    path("", following.every, name="list"),
    path("credits.csv", following.every_csv, name="csv"),
    path("leakage/leakage.csv", following.leakage_csv, name="leakage-csv"),
    path("new", asking.new, name="new"),
    path("find", asking.find, name="find"),
    path("leakage/", following.leakage, name="leakage"),
    path("terms/", terms.every, name="terms"),
    path("terms/edit/", terms.editor, name="terms-edit"),
    path("terms/<slug:what>/<int:id>/", terms.version, name="term"),
    path("<int:id>/", following.one, name="one"),
    path("<int:id>/edit", asking.edit, name="edit"),
    path("<int:id>/send", asking.send, name="send"),
    path("<int:id>/discard", asking.discard, name="discard"),
    path("<int:id>/withdraw", taking_back.withdraw, name="withdraw"),
    path("<int:id>/reverse", taking_back.reverse, name="reverse"),
]
