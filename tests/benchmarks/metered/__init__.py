"""A domain that talks to itself and takes the time: what ``bench_events`` measures."""
