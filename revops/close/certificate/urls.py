from __future__ import annotations

from django.urls import URLPattern, path

from revops.close.certificate import views

app_name = "certificates"
urlpatterns: list[URLPattern] = [
    path("packs/", views.packs, name="packs"),
    path("<slug:period>/<slug:entity>/certificate", views.certificate, name="certificate"),
    path("<slug:period>/<slug:entity>/certificate/seal", views.seal, name="seal"),
    path("<slug:period>/<slug:entity>/certificate.json", views.as_json, name="json"),
    path("<slug:period>/<slug:entity>/certificate.pdf", views.as_pdf, name="pdf"),
    path("<slug:period>/<slug:entity>/evidence.zip", views.pack, name="pack"),
]
