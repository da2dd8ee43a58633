"""Small helpers of the templates."""

from django import template

register = template.Library()
