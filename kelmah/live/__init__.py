"""What a WebSocket consumer needs and no domain owns.

``hub`` with ``topic`` and ``bus``: who gets which frame, in order, whatever Redis does. ``outbound``: one socket's
bounded way out. ``consumer`` with ``frames``, ``tickets``, ``origins`` and ``sockets``: the part of the protocol that
is the same for every domain. ``process``: what all sockets of one process share. See docs/live-protocol.md.
"""
