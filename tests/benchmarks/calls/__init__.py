"""A process that answers calls, and a bare view beside them."""
