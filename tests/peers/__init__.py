"""Payment providers as their public documentation describes them: servers of their own for the tests."""
