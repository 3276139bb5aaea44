"""
The presentation kit that every page stands on. It knows people (``accounts``) and values
(``kernel``), never a domain; domains declare themselves to it from their ``AppConfig.ready``.

A page in five steps:

1. ``@screen("cases.view")`` on the view (``policy``): declares and checks who may see it.
2. ``FILTERS.read(request.GET)`` (``filters``): the list's state, out of the address and back
   into a canonical one; ``keyset_page`` or ``numbered_page`` (``pagination``) gives the rows.
3. ``render_page(request, "exceptions/queue.html", context, fragments={"list": "list"})``
   (``htmx``): the page, or the one named partial that an htmx request asked for.
4. The template extends ``base.html`` and fills its blocks ``title``, ``styles``, ``page`` (or
   ``main``); partials shared by pages are ``web/_*.html``, each says on top what it takes. A page
   that is a list gives its rows to ``web/_list.html`` and answers with ``render_list`` (``lists``).
5. Cells are tags that format in Python, without a template of their own (``formats``,
   ``statuses``, ``icons``, ``charts``), loaded as built-ins by the settings:
   ``{{ row.at_stake|money }}``, ``{% status_tag row.state %}``, ``{{ row.opened_at|age }}``.

What a domain declares: its items in the rail (``nav.declare``), what the entity and period
switches offer (``scope.declare``), what the bell counts (``bell.declare``), what stands still
(``outages.declare``). A refusal is ``refuse(request, error)``: 409 in words.

Behaviour in the browser is ``static/js/app.js``, by attributes:

- ``data-key="r"``: the key presses this link, or opens this dialog; a button that would write only
  gets the focus, unless it carries ``data-harmless`` (assign, snooze; never money). In the rail
  ``data-key="g e"``. The list of keys (``?``) is read from these attributes.
- ``data-rows`` around a table: ``j k o`` walk its rows, ``x X`` tick them, ``v`` presses a row's
  ``data-view`` link.
- ``data-selection="cause|causes"`` on the list's form: boxes in ``td.select-cell``,
  ``data-pick-all`` on the head's box, ``data-count`` where the count is said,
  ``data-needs-selection`` on buttons; ``<button type="reset">`` clears.
- ``data-opens="id"`` opens that ``<dialog>``, ``data-closes`` closes the one around it. A dialog
  from the server is swapped into ``#dialogs``; it closes when its answer lands outside of it.
- ``data-copy="text"`` (empty: this address), ``data-print``, ``data-submit-on-change``,
  ``data-stops="id"`` (a slider's words, in the list with that id), ``data-busy="Sending…"``
  (a button's words while it is sent), ``data-error-summary`` (takes the focus after 422).

A fragment that changes the page's title carries a ``<title>``; htmx takes it. Every element that
can have the focus has an ``id``, or a swap drops it.
"""
