"""Parts of the live benchmark."""
