"""Signs of life of the line's own workers."""

from __future__ import annotations

from django.db import models

from revops.store import sql


class Heartbeat(models.Model):
    """When something that has to happen all the time happened last."""

    name = models.CharField(max_length=40, primary_key=True)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name

    @staticmethod
    def beat(name: str) -> None:
        sql.run(
            "INSERT INTO pipeline_heartbeat (name, at) VALUES (%s, now()) "
            "ON CONFLICT (name) DO UPDATE SET at = now() "
            "WHERE pipeline_heartbeat.at < now() - interval '2 seconds'",
            (name,),
        )
