"""What can go wrong between Beacon and the vendor, as people meet it."""

from apps.core.errors import BeaconError, Invalid


class WorkspaceExists(BeaconError):
    text = "There is a workspace with this name already."


class CredentialMissing(BeaconError):
    text = "The workspace's key cannot be read."
    how_to_fix = "Put it where the workspace's reference points (an environment variable or a file)."


class NeedsSecondPerson(BeaconError):
    status = 403
    text = "Whoever started the run cannot release its plan."
    how_to_fix = "Ask another administrator to look at the plan and release it."


class WrongNumber(Invalid):
    text = "The number does not match the plan."
    how_to_fix = "Type the number of accounts that would be removed, as the plan shows it."


class SyncUnderWay(BeaconError):
    text = "A sync of this workspace is under way."
    how_to_fix = "Wait for it to end; its page shows the progress."


class NotAdoptable(BeaconError):
    text = "The account cannot be adopted."
    how_to_fix = "Only the account of an employee who holds a granted seat is adopted."


class FetchUnderWay(BeaconError):
    text = "The usage of this workspace is being read already."
    how_to_fix = "Wait for it to end; the page about usage shows what came of it."
