"""
What the sandboxes of the connectors share. A sandbox plays one vendor in its wire form; how it is
broken on purpose, steered and looked at is the same for all, and stands here.

``faults`` breaks things, ``calls`` works on after an answer and calls webhooks, ``door`` is the
switchboard under ``/_control/``, ``page`` shows what arrived, ``serving`` begins and ends with the
application, ``keeping`` keeps what is held over a restart.
"""
