-- name: fed(addresses, after, since)
SELECT
    o.id, o.dedupe_key, o.origin, o.channel, o.address, o.lane, o.situation, o.text, o.source, o.code, o.parts,
    o.created_at, o.next_at, o.expires_at, o.status, o.appointment_at, o.state, o.attempts, o.reason, o.sent_at,
    o.settled_at, o.agency, o.route, o.sender, o.gateway, o.carrier, o.cost, o.attached, o.way, o.fallback_at,
    o.seen_at
FROM json_each(:addresses) AS a CROSS JOIN outbox AS o
WHERE o.address = a.key AND o.id > :after AND o.state IN ('accepted', 'delivered') AND o.sent_at >= :since
ORDER BY o.id;
