"""What happened, read from the history tables: as on a date, field by field, approval by approval;
and its audit.
"""
