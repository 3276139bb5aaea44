"""Text that would act if a page took it for markup; and a company that is named by it."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any, Final

from django.apps import apps
from django.db import IntegrityError, connection, models

# Whoever runs one of them asks for /zq-… or makes an element with ``data-zq``.
_RUN: Final = "fetch(`/zq-run`)"
PAYLOADS: Final = (
    "<script>{run}</script>", "<script src=/zq-src></script>", "<img src=/zq-img onerror={run}>",
    "<svg onload={run}>", "<svg><script>{run}</script></svg>", "<body onload={run}>",
    "<iframe src=javascript:{run}>", "<iframe srcdoc='<script>{run}</script>'>",
    "<object data=/zq-object>", "<embed src=/zq-embed>", "<link rel=stylesheet href=/zq-css>",
    "<style>@import '/zq-style'</style>", "<p style='background:url(/zq-inline)'>",
    "<base href=//zq.example/>", "<meta http-equiv=refresh content='0;/zq-refresh'>",
    "<form action=/zq-form><button id=zq>", "<a href=javascript:{run} data-zq>x</a>",
    "<input autofocus onfocus={run}>", "<details open ontoggle={run}>", "<video src onerror={run}>",
    "<audio src onerror={run}>", "<marquee onstart={run}>",
    "<math><mi xlink:href=javascript:{run}>", "<template><img onerror={run}></template>",
    "<noscript><p title='</noscript><img onerror={run}>'>", "\"><script>{run}</script>",
    "'><script>{run}</script>", "\" onmouseover={run} data-zq=\"",
    "' onfocus={run} autofocus data-zq='", "` onload={run} `", "</script><script>{run}</script>",
    "</textarea><script>{run}</script>", "</title><script>{run}</script>",
    "--><script>{run}</script>", "]]><script>{run}</script>", "</style><script>{run}</script>",
    "javascript:{run}", "data:text/html,<script>{run}</script>",
    "<div hx-get=/zq-get hx-trigger=load data-zq></div>",
    "<div hx-post=/zq-post hx-trigger=load data-zq></div>",
    "<div hx-on::load='{run}' data-zq></div>", "<div hx-on:click='{run}' data-zq></div>",
    "<div data-hx-get=/zq-data hx-trigger=load data-zq>",
    "\" hx-get=/zq-attribute hx-trigger=load data-zq=\"",
    "<div hx-boost=true><a href=//zq.example>",
    "<div hx-vals='js:{{x:{run}}}' hx-get=/zq-vals hx-trigger=load data-zq>",
    "<div hx-ext=zq hx-headers='js:{run}' data-zq>",
    "<div hx-swap-oob=true id=main data-zq>gone</div>",
    "<div hx-trigger='load[{run}]' hx-get=/zq-filter data-zq>",
    "<form hx-post=/zq-hx-form data-zq>", "{{{{ 7|add:7 }}}}{{% debug %}}", "${{{run}}}",
    "&lt;script&gt;{run}&lt;/script&gt;", "%3Cscript%3E{run}%3C/script%3E",
    "\\u003cscript\\u003e{run}\\u003c/script\\u003e", "<scr<script>ipt>{run}</script>",
    "<SCRIPT/zq>{run}</SCRIPT>", "<img/src=/zq-slash/onerror={run}>",
    "<\u200bscript>{run}</script>", "\u202e<script>{run}</script>",
    "<a href='jav\tascript:{run}'>x</a>", "＜script＞{run}＜/script＞",
)  # fmt: skip
TEXTS: Final = tuple(one.format(run=_RUN) for one in PAYLOADS)
# Every one of them, for fields that hold any length; the word says that a page shows it.
WORD: Final = "Zqhostile"
ALL: Final = " ".join((WORD, *TEXTS))

# Words that the console itself chose, keys, digests and codes: nobody types them in.
_OURS: Final = {
    "abbreviation", "actions", "action", "cause_key", "code", "content_sha256", "correlation_id",
    "currency", "flow", "form", "kind", "mode", "owner_team", "payload", "payload_sha256",
    "password", "record_kind", "from_kind", "to_kind", "request_sha256", "role", "rule", "schema",
    "sha256", "slug", "state", "step", "subject", "contract", "email", "zone",
    "functional_currency", "convention", "key", "fingerprint", "lane", "document_type",
    "connection_slug", "period_code", "entity", "legal_entity", "connector", "base_url",
    "public_id", "digest", "prefix", "tone", "field", "credit_type", "reason_code", "settles",
    "severity", "promise", "type", "record_key", "environment", "idempotency_key", "capabilities",
    "feature", "meter", "plan", "unit", "model", "external_id", "source_event_id", "body_sha256",
    "business_key", "source_id", "line_id", "sku", "price_ref", "chain", "customer_ref",
    "invoice_ref", "subscription_ref", "case_ref", "request_ref", "ticket", "deferral_account",
    "revenue_account", "via", "number", "path", "theme", "density", "outcome", "calendar",
    "subject_id", "subject_kind", "hint", "content", "facts", "timezone", "numbers", "legal_form",
    "country", "domain", "product_family",
}  # fmt: skip
_APPS: Final = {
    "accounts", "approvals", "canonical", "connectors", "credits", "delivery", "events",
    "exceptions", "ledger", "mappings", "pipeline", "usage",
}  # fmt: skip
_JSON: Final = {"before", "after", "value", "owner_value", "other_value", "agreed"}


def fill() -> list[str]:
    """
    Write hostile text into every text column that a system or a person fills; which ones they were.

    As the owner of a database of tests, with its guards asleep.
    """
    filled = []
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        for model in apps.get_models():
            if model._meta.app_label not in _APPS:
                continue
            for place, field in enumerate(model._meta.concrete_fields):
                value = _for(field, place)
                if value is None:
                    continue
                table, column = model._meta.db_table, field.column
                cast = "::jsonb" if isinstance(field, models.JSONField) else ""
                # What is a part of a key stays as it is.
                with suppress(IntegrityError):
                    cursor.execute(f'UPDATE {table} SET "{column}" = %s{cast}', [value])
                if cursor.rowcount > 0:
                    filled.append(f"{table}.{column}")
        body = json.dumps({"name": ALL, "note": list(TEXTS)}).encode()
        cursor.execute("UPDATE events_inboundevent SET body = %s", [body])
        cursor.execute("SET session_replication_role = DEFAULT")
    return filled


def _for(field: models.Field[Any, Any], place: int) -> str | None:
    if field.unique or field.primary_key or field.is_relation or field.choices:
        return None
    if field.name in _JSON and isinstance(field, models.JSONField):
        return json.dumps(ALL)
    if field.name in _OURS:
        return None
    if type(field) is models.TextField:
        return ALL
    if type(field) is models.CharField and field.max_length and field.max_length >= 60:
        fitting = [one for one in TEXTS if len(one) + 10 <= field.max_length]
        return f"{WORD} {fitting[place % len(fitting)]}"
    return None
