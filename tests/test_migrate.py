"""What `manage.py migrate` does beside what Django's does."""

from django.db.migrations.loader import MigrationLoader
from django.db.models.signals import class_prepared

from proposals.management.commands.migrate import historical_fields_disconnected


def test_the_time_does_not_grow_with_the_square_of_the_models_of_migrations():
    with historical_fields_disconnected():
        before = len(class_prepared.receivers)
        historical = MigrationLoader(None).project_state().apps
        assert historical.get_model("proposals", "Proposal")._meta.get_field("state")
        assert len(class_prepared.receivers) == before
