"""One process group per domain, and parts of it taken away."""
