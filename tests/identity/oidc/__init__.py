"""Providers to log in through: a real one in a process of its own, and one that lies when told to."""
