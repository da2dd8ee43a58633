"""The states of a message."""

from apps.core.lifecycle import lifecycle

MESSAGE = lifecycle(
    "message",
    "queued",
    queued="sending suppressed",
    sending="sent queued failed bounced suppressed",
    # A report of the other side's mail server comes hours after the message was taken.
    sent="bounced",
    # By a person, who has looked.
    failed="queued",
    bounced="",
    suppressed="",
)
