"""Numbers for whoever watches, in Prometheus' text format at ``/internal/metrics``."""
