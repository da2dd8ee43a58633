"""A use case moves along its lifecycle and is never removed; reviews and versions are only added."""

from django.db import migrations

from apps.catalog.lifecycle import CASE
from apps.core.db.triggers import append_only, moves_along

_KEPT = """
CREATE FUNCTION catalog_usecase_kept() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
BEGIN
    RAISE EXCEPTION 'A use case cannot be removed.' USING ERRCODE = 'check_violation', CONSTRAINT = 'catalog_usecase_kept';
END $$;
CREATE TRIGGER catalog_usecase_kept BEFORE DELETE ON catalog_usecase
    FOR EACH ROW EXECUTE FUNCTION catalog_usecase_kept();
CREATE TRIGGER catalog_usecase_kept_truncate BEFORE TRUNCATE ON catalog_usecase
    FOR EACH STATEMENT EXECUTE FUNCTION catalog_usecase_kept();
CREATE FUNCTION catalog_usecase_number() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
BEGIN
    RAISE EXCEPTION 'A use case keeps its number.' USING ERRCODE = 'check_violation', CONSTRAINT = 'catalog_usecase_kept';
END $$;
CREATE TRIGGER catalog_usecase_number BEFORE UPDATE OF id ON catalog_usecase
    FOR EACH ROW WHEN (OLD.id IS DISTINCT FROM NEW.id) EXECUTE FUNCTION catalog_usecase_number();
"""
_DROP = """
DROP TRIGGER catalog_usecase_number ON catalog_usecase;
DROP FUNCTION catalog_usecase_number();
DROP TRIGGER catalog_usecase_kept ON catalog_usecase;
DROP TRIGGER catalog_usecase_kept_truncate ON catalog_usecase;
DROP FUNCTION catalog_usecase_kept();
"""


class Migration(migrations.Migration):
    dependencies = [("catalog", "0001_initial")]

    operations = [
        moves_along("catalog_usecase", CASE),
        migrations.RunSQL(_KEPT, _DROP),
        append_only("catalog_review", what="A review"),
        append_only("catalog_caseversion", what="What was sent in"),
    ]
