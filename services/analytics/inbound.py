"""What counts as an inbound message, the same in every report."""

from services.analytics.sight import ticketbox_of

INBOUND = f"""
decided AS (
    SELECT
        message_id,
        (array_agg(decision.state ORDER BY version DESC))[1] AS state,
        (array_agg(decision.ticketbox_rule ORDER BY version DESC))[1] AS ticketbox_rule,
        -- What a person deletes stays in the ticketbox where it was, and is what it was read as.
        (array_agg(decision.ticketbox_id ORDER BY version DESC)
            FILTER (WHERE decision.ticketbox_id IS NOT NULL))[1] AS ticketbox_id,
        (array_agg(decision.kind ORDER BY version DESC) FILTER (WHERE decision.kind IS NOT NULL))[1] AS kind
    FROM fact_decision AS decision
    JOIN fact_message AS message USING (message_id)
    WHERE message.received_at >= $1
      AND message.received_at < $2
      AND decision.recorded_at <= $3
      -- What is in a ticket stays there, whatever is decided later.
      AND (decision.state = 'in_flight' OR (message.outcome_recorded_at <= $3) IS NOT TRUE)
    GROUP BY message_id
),
message AS (
    SELECT
        message_id,
        message.received_at,
        CASE WHEN message.outcome_recorded_at <= $3 THEN message.ticket_id END AS ticket_id,
        CASE WHEN message.outcome_recorded_at <= $3 THEN message.outcome END AS outcome,
        CASE
            WHEN decided.state = 'failed' THEN NULL
            WHEN decided.ticketbox_id IS NOT NULL THEN decided.ticketbox_id
            WHEN message.routed_recorded_at <= $3 THEN message.ticketbox_id
        END AS ticketbox_id,
        CASE
            WHEN decided.state IS NOT NULL THEN decided.ticketbox_rule
            WHEN message.routed_recorded_at <= $3 THEN message.ticketbox_rule
        END AS ticketbox_rule,
        CASE
            WHEN decided.state IN ('suppressed', 'quarantined') THEN 'held_back'
            WHEN decided.kind IS NOT NULL AND decided.kind <> 'customer' THEN 'automatic'
            WHEN decided.kind IS NULL AND message.received_recorded_at <= $3 AND message.kind <> 'customer'
                THEN 'automatic'
            ELSE 'message'
        END AS sort
    FROM fact_message AS message
    LEFT JOIN decided USING (message_id)
    WHERE message.received_at >= $1
      AND message.received_at < $2
      AND least(message.held_recorded_at, message.received_recorded_at) <= $3
),
inbound AS (
    SELECT *
    FROM message
    WHERE $4::uuid[] IS NULL
       OR CASE
            WHEN ticket_id IS NULL THEN ticketbox_id
            ELSE {ticketbox_of("message.ticket_id")}
        END = ANY($4)
)
"""
"""Parts of a query over `[$1, $2)` as of `$3`, for who sees the ticketboxes `$4` (NULL: all).

`inbound` has every accepted message once, and which sort it is of; where it stands follows from the last words about
it, as in `contracts.standing`. One that was not routed yet belongs to no ticketbox, but of all it counts: mail that is
stuck must not be missing. What waits for the virus scanner may be from a person: nobody has read it.
"""
