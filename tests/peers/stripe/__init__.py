"""Stripe as its documentation and its SDK's own types describe it: what the freely available copies of it leave out.

What it is asked must fit the SDK's parameter types, what it answers the SDK's resource types; otherwise it refuses, or
breaks. ``python -m tests.peers.stripe --port 0 --plan '{"webhook_url": …, "webhook_secret": "whsec_…"}'``
"""
