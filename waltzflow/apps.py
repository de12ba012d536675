from axes.apps import AppConfig as AxesConfig
from django.contrib.admin.apps import AdminConfig

from .moments import always_write_zone


class AdministrationConfig(AdminConfig):
    """Django's administration with our front page, and with moments that say their zone."""

    default_site = "waltzflow.admin.Administration"

    def ready(self) -> None:
        super().ready()
        always_write_zone()


class SignInConfig(AxesConfig):
    """axes, under the name of what it does."""

    verbose_name = "Signing in"
