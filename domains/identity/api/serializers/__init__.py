"""JSON of identity, in and out: a module per subject."""
