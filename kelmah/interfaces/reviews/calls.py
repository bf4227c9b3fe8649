"""What other domains may ask reviews: nothing; reputation travels by event."""
