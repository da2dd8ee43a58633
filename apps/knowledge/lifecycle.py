"""The states of an article and of a question."""

from apps.core.lifecycle import lifecycle

# A published article is published again as a further version; its state stays.
ARTICLE = lifecycle("article", "draft", draft="published retired", published="retired", retired="")
# Handing over changes who owes the answer, not the state. Reopening leads back, once.
QUESTION = lifecycle("question", "open", open="answered", answered="open")
