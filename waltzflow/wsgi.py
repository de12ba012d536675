import os

from django.conf import settings
from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "waltzflow.settings")


class BelowPath:
    """The site below the path of BASE_URL, which the proxy in front hands on as it came.

    Django puts the path before the links it writes, but does not take it from what is asked for.
    What does not begin with it is served too: a probe comes straight here.
    """

    def __init__(self, serve, path: str) -> None:
        self.serve, self.path = serve, path

    def __call__(self, environ: dict, start_response):
        asked = environ["PATH_INFO"]
        if asked == self.path or asked.startswith(f"{self.path}/"):
            environ["PATH_INFO"] = asked.removeprefix(self.path) or "/"
        return self.serve(environ, start_response)


application = get_wsgi_application()
if settings.FORCE_SCRIPT_NAME:
    application = BelowPath(application, settings.FORCE_SCRIPT_NAME)
