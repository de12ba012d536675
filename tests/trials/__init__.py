"""Trials of what must never be false. `make test` runs a small number of each, `TRIALS=long` the
full one.
"""
