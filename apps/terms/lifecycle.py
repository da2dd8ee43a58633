"""The states of a terms version."""

from apps.core.lifecycle import lifecycle

TERMS = lifecycle("terms version", "draft", draft="published", published="superseded", superseded="")
