"""A domain that exists so that the event kernel has something to carry: it talks to itself."""
