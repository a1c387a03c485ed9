"""All that happens to a ticket, of whichever subject."""

from contracts.automations import AutomationHeldBack, AutomationRan
from contracts.correspondence import Correspondence, CustomerReplied, ReplyReleased
from contracts.service_levels import DeadlinesChanged, SLABreached, SLAWarned
from contracts.tickets import (
    AbsorptionUndone,
    CategoryAssigned,
    CustomerErased,
    DistributionDropped,
    FieldsChanged,
    LettersMoved,
    LettersTaken,
    MergeUndone,
    PriorityChanged,
    TagsChanged,
    TaskAdded,
    TaskChanged,
    TaskDone,
    TaskRemoved,
    TicketAbsorbed,
    TicketAssigned,
    TicketClosed,
    TicketLinked,
    TicketMerged,
    TicketMoved,
    TicketOpened,
    TicketPutOnHold,
    TicketReopened,
    TicketSetPending,
    TicketSolved,
    TicketUnlinked,
    WatchersChanged,
)

Happening = (
    TicketAssigned
    | DistributionDropped
    | TicketSolved
    | TicketReopened
    | TicketSetPending
    | TicketPutOnHold
    | TicketClosed
    | PriorityChanged
    | TagsChanged
    | FieldsChanged
    | CategoryAssigned
    | WatchersChanged
    | TaskAdded
    | TaskDone
    | TaskChanged
    | TaskRemoved
    | TicketLinked
    | TicketUnlinked
    | TicketMoved
    | LettersMoved
    | LettersTaken
    | TicketMerged
    | TicketAbsorbed
    | MergeUndone
    | AbsorptionUndone
    | DeadlinesChanged
    | SLAWarned
    | SLABreached
    | AutomationRan
    | AutomationHeldBack
    | CustomerErased
)
"""All but what is written, each told in a sentence."""

TicketEvent = Correspondence | Happening
"""All that happens to a ticket."""

Placing = (
    TicketOpened
    | CustomerReplied
    | TicketAssigned
    | DistributionDropped
    | ReplyReleased
    | TicketSolved
    | TicketReopened
    | TicketSetPending
    | TicketPutOnHold
    | TicketClosed
    | TicketMoved
    | TicketMerged
    | MergeUndone
)
"""What distribution decides by: whatever it wanted before one of these is outdated."""
