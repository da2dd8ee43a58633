"""Published terms keep their text; acceptances are never changed or removed."""

from django.db import migrations

from apps.core.db.triggers import append_only, frozen_when, moves_along
from apps.terms.lifecycle import TERMS

_FROZEN = [
    "number", "language", "title", "body", "summary_of_changes", "requires_reacceptance", "grace_days",
    "effective_on", "sha256", "published_at", "published_by",
]  # fmt: skip


class Migration(migrations.Migration):
    dependencies = [("terms", "0001_initial")]

    operations = [
        moves_along("terms_termsversion", TERMS),
        frozen_when("terms_termsversion", condition="OLD.state <> 'draft'", columns=_FROZEN, what="Published terms"),
        append_only("terms_acceptance", what="An acceptance"),
    ]
