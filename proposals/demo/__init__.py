"""A believable company, for `make demo`."""
