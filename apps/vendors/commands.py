"""What the commands about workspaces share."""

from __future__ import annotations

from apps.core.errors import NotFound
from apps.vendors.models import Workspace


def workspace_named(name: str) -> Workspace:
    """The workspace of this name. Raises `NotFound`, which names those that there are."""
    workspace = Workspace.objects.filter(name=name).first()
    if workspace is None:
        known = ", ".join(Workspace.objects.values_list("name", flat=True)) or "none yet"
        raise NotFound(f"There is no workspace {name!r} (known: {known}).")
    return workspace
