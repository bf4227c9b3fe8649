"""The site, the rows and the load behind ``bench_jobs``."""
