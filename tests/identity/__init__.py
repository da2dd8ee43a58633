"""A real identity provider on loopback for the tests: allauth's own, in a process of its own, and ways to make it lie.

Its modules are imported in its own process alone: Django would take its tables for Beacon's.
"""

TENANT = "11111111-2222-3333-4444-555555555555"
