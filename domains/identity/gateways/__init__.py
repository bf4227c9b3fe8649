"""The outside of identity."""
