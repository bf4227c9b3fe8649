"""JSON of payments, in and out."""
