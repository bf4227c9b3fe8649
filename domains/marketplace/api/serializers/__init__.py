"""JSON of marketplace, in and out."""
