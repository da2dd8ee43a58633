"""The demonstration: invented people, a stand-in vendor, one-click sign-in. Never part of a deployment.

`python -m demo run|up|down|reset|dev` runs it; `seed.py` tells its story through services and imports.
"""
