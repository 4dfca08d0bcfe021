"""A Django site with nothing but one application of accounts, on a PostgreSQL database."""

from typing import Any

from sqlalchemy import make_url


def open_site(url: str, *applications: str, **settings: Any) -> None:
    """Set Django up in this process."""
    import django
    from django.conf import settings as site

    place = make_url(url)
    site.configure(
        DATABASES={
            "default": {
                "ENGINE": "django.db.backends.postgresql",
                "NAME": place.database,
                "USER": place.username or "",
                "PASSWORD": place.password or "",
                "HOST": place.query.get("host") or place.host or "",
                "PORT": place.port or "",
                "CONN_MAX_AGE": None,
            }
        },
        INSTALLED_APPS=["django.contrib.contenttypes", "django.contrib.auth", *applications],
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        USE_TZ=True,
        TIME_ZONE="Asia/Ho_Chi_Minh",
        SECRET_KEY="k" * 64,
        **settings,
    )
    django.setup()


def migrate() -> None:
    """Make the tables."""
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
