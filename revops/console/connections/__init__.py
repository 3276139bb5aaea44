"""
Connections: how every outside system feels right now, and the page that operates one of them.

``queries`` read, ``words`` say what a manifest promises, ``probe`` is *test connection*,
``switches`` break a sandbox on purpose (in a demo only), ``operations`` are what people do.
"""
