"""What pages show beyond one row of a table: each module reads, and decides nothing."""
