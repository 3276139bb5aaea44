from __future__ import annotations

from django.urls import path

from revops.web import appearance

app_name = "web"
urlpatterns = [
    path("me/appearance", appearance.save, name="appearance"),
]
