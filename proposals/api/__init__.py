"""The same register, filters, rights and verbs as the pages, for programs: see docs/api.md."""
