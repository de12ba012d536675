from django.contrib.admin.apps import AdminConfig


class AdministrationConfig(AdminConfig):
    """Django's administration with our front page."""

    default_site = "waltzflow.admin.Administration"
