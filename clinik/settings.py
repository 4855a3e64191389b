"""One settings module; what differs between installations comes from the environment.

DATABASE_URL, SECRET_KEY and ALLOWED_HOSTS make a production; DEBUG is off unless said.
CLINIK_DEMO=1 is set by bin/run only, for its own demo database.
"""

from pathlib import Path
from typing import Any

import environ
from csp.constants import NONE, SELF
from django.utils.translation import gettext_lazy as _

BASE_DIR = Path(__file__).resolve().parent.parent

env = environ.Env()
environ.Env.read_env(BASE_DIR / ".env")

SECRET_KEY = env.str("SECRET_KEY")
DEBUG = env.bool("DEBUG", default=False)
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1"])
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])

# Invented people, logins shown on the login page, plain-http cookies: never for a real clinic.
CLINIK_DEMO = env.bool("CLINIK_DEMO", default=False)
# Cookies travel by https only, and http is sent on to it.
_SECURE = not (DEBUG or CLINIK_DEMO)
# Shown in titles, on the login page and on print-outs.
CLINIK_NAME = env.str("CLINIK_NAME", default="Clinik")

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.humanize",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "simple_history",
    "django_filters",
    "crispy_forms",
    "crispy_bootstrap5",
    "django_htmx",
    "csp",
    "clinik",
    "encounters",
    "records",
]

MIDDLEWARE = [
    "clinik.middleware.RequestMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "clinik.sessions.SessionMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "clinik.second_step.SecondStepMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "simple_history.middleware.HistoryRequestMiddleware",
    "encounters.closed_pages.ClosedChartMiddleware",
    "encounters.other_patient.OtherPatientMiddleware",
]

ROOT_URLCONF = "clinik.urls"
WSGI_APPLICATION = "clinik.wsgi.application"

TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "clinik.context.clinik",
            ],
        },
    },
]

# -- database -----------------------------------------------------------------------------------

DATABASES = {
    "default": env.db("DATABASE_URL", default=f"sqlite:///{BASE_DIR / 'var' / 'clinik.sqlite3'}")
}
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    # A real database in a file: readers never wait for the writer (WAL), a commit survives a power
    # cut (FULL), a transaction takes the write lock at its start instead of failing in its middle
    # (IMMEDIATE), and a waiting writer is patient (timeout, seconds).
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": (
            "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;"
            "PRAGMA recursive_triggers=ON;"
        ),
    }
    # On a file as in production: a database in memory has no WAL.
    DATABASES["default"]["TEST"] = {"NAME": BASE_DIR / "var" / "test.sqlite3"}
    (BASE_DIR / "var").mkdir(exist_ok=True)
else:
    DATABASES["default"]["CONN_MAX_AGE"] = 60
    DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
    # Seconds that a page waits for somebody's lock (clinik.wsgi) before it says so; else it would
    # until gunicorn kills its worker, without a word. A command waits as long as it takes.
    if seconds := env.int("CLINIK_LOCK_SECONDS", default=0):
        options = DATABASES["default"].setdefault("OPTIONS", {})
        options["options"] = f"{options.get('options', '')} -c lock_timeout={seconds}s".strip()
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# Shared by all processes, so that rate limits hold over several of them.
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "clinik_cache",
        # Beyond so many, entries are thrown away, counts of failed logins among them.
        "OPTIONS": {"MAX_ENTRIES": 100_000},
    }
}

# -- people and login ---------------------------------------------------------------------------

AUTH_USER_MODEL = "clinik.User"
# One, so that a password is hashed once an attempt; it knows permissions as Django's does.
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
PASSWORD_HASHERS = ["clinik.hashers.Argon2Hasher"]
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "clinik.passwords.DecoratedWordValidator"},
    {"NAME": "clinik.passwords.BreachedPasswordValidator"},
]
# Words that everybody here knows, besides CLINIK_NAME: the street, former names, departments.
CLINIK_PASSWORD_WORDS = env.list("CLINIK_PASSWORD_WORDS", default=[])
# A file of SHA-1 digests of known passwords, in order (clinik.passwords.BreachedPasswordValidator).
CLINIK_BREACHED_PASSWORDS = env.str("CLINIK_BREACHED_PASSWORDS", default="")
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "account_login"
ACCOUNT_ADAPTER = "clinik.adapter.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_SESSION_REMEMBER = False
ALLAUTH_TRUSTED_PROXY_COUNT = env.int("CLINIK_PROXY_COUNT", default=0)
# Failures only (clinik.adapter): of an account at an address, of an account from anywhere, of an
# address. The last is wide: a whole clinic sits behind one.
ACCOUNT_RATE_LIMITS = {
    "login": "",
    "login_failed": "5/5m/key",
    "login_failed_account": "100/h/key",
    "login_failed_address": "300/5m/ip",
}
MFA_ADAPTER = "clinik.adapter.MFAAdapter"
MFA_FORMS = {
    "authenticate": "clinik.second_step_forms.LoginCodeForm",
    "reauthenticate": "clinik.second_step_forms.ConfirmCodeForm",
    "activate_totp": "clinik.second_step_forms.SetUpAppForm",
    "add_webauthn": "clinik.second_step_forms.AddKeyForm",
    "edit_webauthn": "clinik.second_step_forms.RenameKeyForm",
}
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes", "webauthn"]
# There is no mail, so no address that could be verified.
MFA_ALLOW_UNVERIFIED_EMAIL = True
MFA_RECOVERY_CODES_SHOW_ONCE = True
# Roles (clinik.roles) whose people must have a second step at login; "Administrator,Clinician".
CLINIK_MFA_ROLES = env.list("CLINIK_MFA_ROLES", default=["Administrator"] if _SECURE else [])
# Browsers offer security keys on https and on http://localhost only.
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not _SECURE

SESSION_ENGINE = "clinik.session_store"
# Minutes without use after which a screen is locked, and hours after which it is in any case.
CLINIK_IDLE_MINUTES = env.int("CLINIK_IDLE_MINUTES", default=15)
CLINIK_SESSION_HOURS = env.int("CLINIK_SESSION_HOURS", default=12)
SESSION_COOKIE_AGE = CLINIK_SESSION_HOURS * 60 * 60
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"

# -- security -----------------------------------------------------------------------------------

SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = _SECURE
if _SECURE:
    # A browser takes cookies of this name over https, for all of this host and no other, only.
    SESSION_COOKIE_NAME, CSRF_COOKIE_NAME = "__Host-sessionid", "__Host-csrftoken"
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_SAMESITE = "Lax"
# Balancers ask by plain http.
SECURE_REDIRECT_EXEMPT = [r"^(healthz|readyz)$"]
SECURE_SSL_REDIRECT = _SECURE and env.bool("CLINIK_SSL_REDIRECT", default=True)
SECURE_HSTS_SECONDS = 31_536_000 if _SECURE else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = _SECURE
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CSRF_FAILURE_VIEW = "clinik.views.csrf_failure"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "manifest-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
        "object-src": [NONE],
        "frame-src": [NONE],
        "worker-src": [NONE],
    }
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 2_621_440
DATA_UPLOAD_MAX_NUMBER_FIELDS = 1_000
# No form takes a file.
DATA_UPLOAD_MAX_NUMBER_FILES = 1

# -- language, time, files ----------------------------------------------------------------------

LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
FORMAT_MODULE_PATH = "clinik.formats"
USE_I18N = True
USE_TZ = True
# The clinic's zone: what "today", "from" and "to" mean. Stored times are UTC.
TIME_ZONE = env.str("TIME_ZONE", default="UTC")

STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATIC_ROOT = BASE_DIR / "var" / "static"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        # Served under hashed names for ever in production; plain while developing and in tests,
        # where nothing has been collected.
        "BACKEND": (
            "whitenoise.storage.CompressedManifestStaticFilesStorage"
            if env.bool("CLINIK_STATIC_MANIFEST", default=not DEBUG)
            else "django.contrib.staticfiles.storage.StaticFilesStorage"
        )
    },
}
WHITENOISE_USE_FINDERS = DEBUG

CRISPY_ALLOWED_TEMPLATE_PACKS = CRISPY_TEMPLATE_PACK = "bootstrap5"
FILTERS_EMPTY_CHOICE_LABEL = _("any")
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"
SIMPLE_HISTORY_HISTORY_CHANGE_REASON_USE_TEXT_FIELD = True

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "json": {"()": "clinik.logs.JsonFormatter"},
        "text": {"format": "{levelname} {name}: {message}", "style": "{"},
    },
    "filters": {"without_query": {"()": "clinik.logs.WithoutQuery"}},
    "handlers": {
        "console": {
            "class": "logging.StreamHandler",
            "formatter": env.str("CLINIK_LOG_FORMAT", default="json" if _SECURE else "text"),
        }
    },
    "loggers": {
        # Not to Django's own handlers, which print exceptions with their words.
        "django": {"handlers": [], "propagate": True},
        "django.server": {"handlers": [], "filters": ["without_query"], "propagate": True},
    },
    "root": {"handlers": ["console"], "level": env.str("CLINIK_LOG_LEVEL", default="INFO")},
}
