"""The review of a run in a browser on this machine.

``entries``, ``journal``, ``folders``, ``view``, ``jobs``, ``pricing`` and ``room`` hold
what happens and are used without any browser; ``server``, ``page`` and the panels show
it with NiceGUI. See docs/review.md.
"""
