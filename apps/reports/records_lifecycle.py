"""The states of a public-records bundle."""

from apps.core.lifecycle import lifecycle

BUNDLE = lifecycle("bundle", "queued", queued="done failed", failed="", done="")
