"""What counts as an inbound message, the same in every report."""

from services.analytics.sight import ticketbox_of

TICKETBOX = """
CASE
    WHEN delivered_recorded_at <= $3 THEN delivered_ticketbox_id
    WHEN routed_recorded_at <= $3 THEN ticketbox_id
END
"""
"""Where a row of `fact_message` was delivered or held back, as of `$3`."""

SEEN = f"""
$4::uuid[] IS NULL OR CASE
    WHEN outcome_recorded_at <= $3 THEN {ticketbox_of("fact_message.ticket_id")}
    ELSE {TICKETBOX}
END = ANY($4)
"""
"""Whether who sees the ticketboxes `$4` (NULL: all) sees a row of `fact_message`: if in a ticket, by where that is."""

INBOUND = f"""
inbound AS (
    SELECT
        received_at,
        {TICKETBOX} AS ticketbox_id,
        CASE WHEN outcome_recorded_at <= $3 THEN outcome END AS outcome,
        CASE
            WHEN routed_recorded_at <= $3
                AND disposition <> 'deliver'
                AND (delivered_recorded_at <= $3) IS NOT TRUE THEN 'held_back'
            WHEN (received_recorded_at <= $3) IS NOT TRUE OR kind = 'customer' THEN 'message'
            ELSE 'automatic'
        END AS sort
    FROM fact_message
    WHERE received_at >= $1
      AND received_at < $2
      AND least(held_recorded_at, received_recorded_at) <= $3
      AND ({SEEN})
)
"""
"""A part of a query over `[$1, $2)` as of `$3`, for who sees the ticketboxes `$4` (NULL: all).

It has every accepted message once, and which sort it is of. One that was not routed yet belongs to no ticketbox, but of
all it counts: mail that is stuck must not be missing. What waits for the virus scanner may be from a person: nobody has
read it.
"""
