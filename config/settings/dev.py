"""The demo for working on it: code reload and debug pages."""

from config.settings.demo import *  # noqa: F403 - settings modules extend the demo, as Django's own do
from config.settings.demo import TEMPLATES

DEBUG = True
# Templates are read anew for every request.
TEMPLATES[0]["OPTIONS"]["loaders"] = TEMPLATES[0]["OPTIONS"]["loaders"][0][1]
