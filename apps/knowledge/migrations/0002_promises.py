"""Articles and questions move along their lifecycles; versions and what was said are only added."""

from django.db import migrations

from apps.core.db.triggers import append_only, moves_along
from apps.knowledge.lifecycle import ARTICLE, QUESTION


class Migration(migrations.Migration):
    dependencies = [("knowledge", "0001_initial")]

    operations = [
        moves_along("knowledge_article", ARTICLE),
        moves_along("knowledge_question", QUESTION),
        append_only("knowledge_articleversion", what="A published version"),
        append_only("knowledge_questionentry", what="What was said about a question"),
    ]
