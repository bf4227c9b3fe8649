"""What other domains may ask messaging: nothing yet; they publish facts, and messaging tells the people concerned."""
