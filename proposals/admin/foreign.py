"""What others' packages keep: mails and sign-ins, to read."""

from axes.models import AccessAttempt, AccessLog
from django.contrib import admin
from post_office import admin as of_mail
from post_office.models import Attachment, Email, EmailTemplate, Log

from .common import Read

# Of the mail queue the mails are of interest here, to read: its own pages would send one again at a
# mere link.
for foreign in (Attachment, Email, EmailTemplate, Log):
    of_mail.admin.site.unregister(foreign)


@admin.register(Email)
class MailAdmin(Read):
    list_display = ["subject", "to", "status", "created", "last_updated", "number_of_retries"]
    list_filter = ["status"]
    search_fields = ["to", "subject"]
    date_hierarchy = "created"
    ordering = ["-created", "-id"]
    exclude = ["context", "template", "backend_alias"]
    change_form_template = "admin/change_form.html"


@admin.register(AccessLog)
class SignInAdmin(Read):
    """Who came in, from where."""

    list_display = ["attempt_time", "username", "ip_address", "user_agent", "logout_time"]
    search_fields = ["username", "ip_address"]
    date_hierarchy = "attempt_time"
    exclude = ["session_hash"]


@admin.register(AccessAttempt)
class FailedSignInAdmin(Read):
    """Who tried and failed of late; locked when the failures reach SIGN_IN_TRIES."""

    list_display = ["attempt_time", "username", "ip_address", "user_agent", "failures_since_start"]
    search_fields = ["username", "ip_address"]
    date_hierarchy = "attempt_time"
    # What was typed into the wrong field may be a password.
    exclude = ["get_data", "post_data"]
