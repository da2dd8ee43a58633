from django.apps import AppConfig

from apps.core.db import errors as db_errors


class KnowledgeConfig(AppConfig):
    name = "apps.knowledge"
    label = "knowledge"

    def ready(self) -> None:
        from apps.knowledge import errors

        db_errors.register("knowledge_tool_name", errors.ToolThere)
        db_errors.register("knowledge_tool_rules", errors.RulesMissing)
        db_errors.register("knowledge_questionentry_append_only", errors.EntryKept)
        db_errors.register("knowledge_articleversion_append_only", errors.VersionKept)
        db_errors.register("knowledge_article_question_id_key", errors.ArticleThere)
        db_errors.register("knowledge_obligation_title", errors.ObligationThere)
        db_errors.register("knowledge_obligation_evidence", errors.EvidenceMissing)
        db_errors.register("knowledge_announcement_days", errors.DaysReversed)
        db_errors.register("knowledge_proxyfile_sha256_key", errors.FileThere)
