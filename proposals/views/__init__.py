"""One module per noun. A read is a queryset and a template; an action is fetch, form, one verb,
message, redirect.
"""
