"""Facts about files: none that another domain needs yet."""
