from axes.apps import AppConfig as AxesConfig
from django.contrib.admin.apps import AdminConfig


class AdministrationConfig(AdminConfig):
    """Django's administration with our front page."""

    default_site = "waltzflow.admin.Administration"


class SignInConfig(AxesConfig):
    """axes, under the name of what it does."""

    verbose_name = "Signing in"
