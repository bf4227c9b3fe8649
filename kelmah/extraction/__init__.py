"""Rehearsing to take one domain out: what it is tied to, whether its data moves whole, what its absence costs."""
