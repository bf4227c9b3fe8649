"""The pytest plugin: embedded servers, a schema per domain, real roles, events on demand."""
