"""Files in and out: the catalogue, and what a page offers to download."""
