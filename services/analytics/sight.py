"""Where a ticket is: who may see it in a report."""


def ticketbox_of(ticket_id: str) -> str:
    """SQL for the ticketbox in which a ticket is as of `$3`, by an expression for its id.

    NULL for one that is not known, or whose last move was heard before moves had a target: only who sees all sees it.
    """
    return f"""(
    SELECT to_ticketbox_id
    FROM (
        SELECT opening.ticketbox_id AS to_ticketbox_id, 0 AS version
        FROM fact_ticket AS opening
        WHERE opening.ticket_id = {ticket_id}
          AND opening.recorded_at <= $3
        UNION ALL
        SELECT move.to_ticketbox_id, move.version
        FROM fact_move AS move
        WHERE move.ticket_id = {ticket_id}
          AND move.recorded_at <= $3
    ) AS stay
    ORDER BY version DESC
    LIMIT 1
)"""
