"""Everything an operator may set comes from the environment; the README has the table."""

import os
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

from csp.constants import NONE, SELF

from .environment import (
    addresses,
    base_url,
    choice,
    database,
    flag,
    hosts,
    mail,
    networks,
    number,
    path,
    replica,
    secret,
    sender,
    time_zone,
    timestamps,
)
from .oidc import oidc

BASE_DIR = Path(__file__).resolve().parent.parent


DEBUG = flag("DEBUG")
SECRET_KEY = secret(DEBUG)
ALLOWED_HOSTS = hosts(DEBUG)
BASE = base_url(DEBUG, ALLOWED_HOSTS)
BASE_URL = str(BASE)
# Links are this with what `reverse` says, which begins with the path already.
ORIGIN = BASE.origin
IS_HTTPS = BASE.is_https
# Below a path of a host that others share.
FORCE_SCRIPT_NAME = BASE.path or None
BEHIND_PROXY = flag("BEHIND_PROXY")
CSRF_TRUSTED_ORIGINS = [ORIGIN] if IS_HTTPS else []

INSTALLED_APPS = [
    "waltzflow.apps.AdministrationConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    # Before staticfiles, or runserver would serve static files by Django's own view.
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.forms",
    "waltzflow.apps.SignInConfig",
    "csp",
    "django_fsm",
    "django_filters",
    "django_htmx",
    "proposals",  # before post_office: its send_queued_mail shares the worker's lock
    "post_office",
    "simple_history",
]

# The first change every answer and stand outside all that can answer or fail, static files
# included.
MIDDLEWARE = [
    "waltzflow.request_ids.RequestIds",
    "waltzflow.metrics.Measured",
    "waltzflow.headers.Headers",
    "csp.middleware.CSPMiddleware",
    # Before the redirect to HTTPS and the check of hosts: a probe asks by address, without TLS.
    "waltzflow.probes.Probes",
    "django.middleware.gzip.GZipMiddleware",
    "proposals.api.problems.Problems",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "proposals.views.error_pages.RefusalPages",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "proposals.views.appearance.PersonalTime",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "waltzflow.idle.IdleSessions",  # says why, by a message
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "simple_history.middleware.HistoryRequestMiddleware",
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "waltzflow.urls"
# So that forms are rendered by the project's own templates, not by those inside Django.
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"
WSGI_APPLICATION = "waltzflow.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "proposals.views.form_pages.form_key",
                "proposals.views.sections.section",
                "proposals.views.appearance.theme",
            ],
            "builtins": ["proposals.views.links"],
        },
    }
]

DATABASES = {"default": database(f"sqlite:///{BASE_DIR / 'waltzflow.sqlite3'}")}
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    # IMMEDIATE takes the write lock at BEGIN, which serialises writers; select_for_update() does
    # nothing on SQLite.
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        # Seconds that a writer waits for the one before it; an import may take longer than the 5
        # that are the default.
        "timeout": 20,
        "init_command": "PRAGMA journal_mode = WAL; PRAGMA foreign_keys = ON;",
    }
# Django's own, with moments that can be shown.
ENGINES = {
    "django.db.backends.postgresql": "waltzflow.postgresql",
    "django.db.backends.sqlite3": "waltzflow.sqlite",
}
if standby := replica(DATABASES["default"]):
    DATABASES["replica"] = standby
    DATABASE_ROUTERS = ["waltzflow.replica.Router"]
for known in DATABASES.values():
    known["ENGINE"] = ENGINES[known["ENGINE"]]

AUTH_USER_MODEL = "proposals.User"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
    )
]
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
]
# The provider that signs people in, beside passwords or instead of them; None if there is none.
OIDC = oidc()
LOGIN_URL = "sign-in"
PASSWORD_RESET_TIMEOUT = 72 * 3600  # seconds; of links by which somebody sets a password
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "sign-in"

LANGUAGE_CODE = "en-gb"
TIME_ZONE = time_zone("UTC")
USE_I18N = False
FORMAT_MODULE_PATH = "waltzflow.formats"
USE_TZ = True

STATIC_URL = f"{BASE.path}/static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
STATICFILES_DIRS = [BASE_DIR / "static"]
if not DEBUG:
    STORAGES = {
        "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
        "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
    }

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF],
        "font-src": [SELF],
        "connect-src": [SELF],
        # Signing out leads to the provider of identities.
        "form-action": [SELF, *(OIDC.origins if OIDC else [])],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
    }
}
# Browsers that know frame-ancestors ignore it; older ones know nothing else.
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
WHITENOISE_ALLOW_ALL_ORIGINS = False
SESSION_COOKIE_AGE = number("SESSION_HOURS", 12) * 3600
SESSION_IDLE_MINUTES = number("SESSION_IDLE_MINUTES", 60)
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "proposals.views.sign_in.csrf_failure"
# Not Strict: with that nobody who follows the link of a mail would be signed in.
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if BEHIND_PROXY else None
SESSION_COOKIE_PATH = CSRF_COOKIE_PATH = f"{BASE.path}/"
if IS_HTTPS:
    SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_SSL_REDIRECT = True
    # With __Host- browsers let no other host set or replace them; it allows no path.
    PREFIX = "__Secure-" if BASE.path else "__Host-"
    SESSION_COOKIE_NAME, CSRF_COOKIE_NAME = f"{PREFIX}sessionid", f"{PREFIX}csrftoken"
    SECURE_SSL_HOST = urlsplit(ORIGIN).netloc
    SECURE_HSTS_SECONDS = 365 * 24 * 3600
    SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = True
# Few pages take files, this many; no form has more than this beside.
FILE_UPLOAD_HANDLERS = ["proposals.views.uploading.BoundedFiles"]
DATA_UPLOAD_MAX_NUMBER_FILES = 20
DATA_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 1000

# Sign-in: after so many failures of one name from one address both are refused for a while, in
# every process.
AXES_FAILURE_LIMIT = number("SIGN_IN_TRIES", 5)
AXES_COOLOFF_TIME = timedelta(minutes=number("SIGN_IN_PAUSE_MINUTES", 15))
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_RESET_ON_SUCCESS = True
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False
AXES_CLIENT_IP_CALLABLE = "proposals.views.sign_in.address"
AXES_USERNAME_CALLABLE = "proposals.views.sign_in.person_tried"
AXES_LOCKOUT_CALLABLE = "proposals.views.sign_in.locked"
AXES_ENABLE_ADMIN = AXES_VERBOSE = False

# By default the reason is a varchar(100).
SIMPLE_HISTORY_HISTORY_CHANGE_REASON_USE_TEXT_FIELD = True
# The history page of the admin would save an old version on POST, for whoever may only look.
SIMPLE_HISTORY_REVERT_DISABLED = True

# Mails wait in the database until the worker has sent them, however long the mail server is away.
globals().update(mail("console:"))
if EMAIL_BACKEND == "django.core.mail.backends.console.EmailBackend":  # noqa: F821, the line above defines it
    EMAIL_BACKEND = "waltzflow.console.EmailBackend"
DEFAULT_FROM_EMAIL = SERVER_EMAIL = sender("waltzflow@localhost")
EMAIL_TIMEOUT = 20
POST_OFFICE = {
    # post-office gives up at once unless told otherwise; when to give up is the worker's decision.
    "MAX_RETRIES": 10_000,
    "RETRY_INTERVAL": timedelta(minutes=5),
    "MESSAGE_ID_ENABLED": True,
    "MESSAGE_ID_FQDN": BASE.host,
}

# How often a token of the API may be used.
API_REQUESTS_PER_MINUTE = number("API_REQUESTS_PER_MINUTE", 600)
# Where webhooks may go besides the public addresses of the Internet, and whether without TLS.
WEBHOOK_PRIVATE_ADDRESSES = networks("WEBHOOK_PRIVATE_ADDRESSES")
WEBHOOK_HTTP = flag("WEBHOOK_HTTP")
METRICS_TOKEN = os.environ.get("METRICS_TOKEN", "").strip()
# Not ready is a site whose worker has not been seen for so long.
WORKER_MINUTES = number("WORKER_MINUTES", 10)

# Checkpoints of the ledger are signed with this key, written there, and mailed to the auditors.
LEDGER_NAME = f"{BASE.host}{BASE.path}/ledger"
LEDGER_KEY = path("LEDGER_KEY")
LEDGER_CHECKPOINTS = path("LEDGER_CHECKPOINTS")
LEDGER_MAIL = addresses("LEDGER_MAIL")
LEDGER_TIMESTAMP_URL, LEDGER_TIMESTAMP_ROOTS = timestamps()

# To the console, in production too, where Django by itself would keep errors to itself.
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "text": {"()": "waltzflow.logs.Line"},
        "json": {"()": "waltzflow.logs.JsonLine"},
    },
    "filters": {"numbered": {"()": "waltzflow.request_ids.Numbered"}},
    "handlers": {
        "console": {
            "class": "logging.StreamHandler",
            "formatter": choice("LOG_FORMAT", ["text", "json"]),
            "filters": ["numbered"],
        }
    },
    "root": {"handlers": ["console"], "level": "WARNING"},
    "loggers": {
        "django": {"handlers": [], "level": "INFO"},
        # The page views of runserver, between which nobody would find the mails on the console.
        "django.server": {
            "handlers": ["console"],
            "level": "INFO" if flag("VERBOSE") else "ERROR",
            "propagate": False,
        },
        # It would tell of every pass, every five seconds; the worker says what was done.
        "post_office": {"handlers": ["console"], "level": "WARNING", "propagate": False},
    },
}
