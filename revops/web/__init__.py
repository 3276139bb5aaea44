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
   ``main``); partials shared by pages are ``web/_*.html``, each says on top what it takes.
5. Cells are tags that format in Python, without a template of their own (``formats``,
   ``statuses``, ``icons``, ``charts``), loaded as built-ins by the settings:
   ``{{ row.at_stake|money }}``, ``{% status_tag row.state %}``, ``{{ row.opened_at|age }}``.

What a domain declares: its items in the rail (``nav.declare``), what the entity and period
switches offer (``scope.declare``). A refusal is ``refuse(request, error)``: 409 in words.

Behaviour in the browser is ``static/js/app.js``, by attributes: ``data-key="r"`` (a key presses
this link or opens this dialog; it never submits a form that writes), ``data-opens="id"`` (opens
that ``<dialog>``), ``data-closes``, ``data-copy="text"``, ``data-submit-on-change``,
``data-selection`` (on a list's form), ``data-busy="Sending…"`` (a button's words while sent).
"""
