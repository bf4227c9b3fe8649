"""What reviews tells the other domains."""
