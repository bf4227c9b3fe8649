"""Ways to reach people outside the app."""
