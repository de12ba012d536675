"""For administrators and auditors: catalogue, people, rules, reasons and policy are edited here;
all else is read.

Nothing is deleted except approver rules: systems are removed, people deactivated, involvements
ended, reasons retired.
"""

from django.contrib import admin

from . import catalogue, foreign, people, policy, record, register, uploads, webhooks

admin.site.site_header = "waltzflow administration"
admin.site.site_title = "waltzflow"
admin.site.index_title = "Catalogue, people, rules and the record of everything"
