"""What messaging tells the other domains."""
