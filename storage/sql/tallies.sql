-- name: remember_carrier(address, carrier, at)*!
INSERT INTO carriers (address, carrier, named_at) VALUES (:address, :carrier, :at)
ON CONFLICT (address) DO UPDATE SET carrier = excluded.carrier, named_at = excluded.named_at
WHERE carriers.named_at <= excluded.named_at;

-- name: count_spending(agency, month, messages, parts, cost)*!
INSERT INTO spending (agency, month, messages, parts, cost) VALUES (:agency, :month, :messages, :parts, :cost)
ON CONFLICT (month, agency) DO UPDATE SET
    messages = spending.messages + excluded.messages,
    parts = spending.parts + excluded.parts,
    cost = spending.cost + excluded.cost;

-- name: count_dossier_spending(source, code, cost)*!
INSERT INTO dossier_spending (source, code, cost)
/*sqlite VALUES (:source, :code, :cost) */
/*postgres SELECT * FROM unnest(CAST(:source AS TEXT[]), CAST(:code AS TEXT[]), CAST(:cost AS BIGINT[])) */
ON CONFLICT (source, code) DO UPDATE SET cost = dossier_spending.cost + excluded.cost;

-- name: count_minutes(gateway, minute, accepted, errors, uncertain, rejected, delivered, undelivered, in_time)*!
INSERT INTO gateway_minutes (
    gateway, minute, accepted, errors, uncertain, rejected, delivered, undelivered, in_time
) VALUES (
    :gateway, :minute, :accepted, :errors, :uncertain, :rejected, :delivered, :undelivered, :in_time
)
ON CONFLICT (gateway, minute) DO UPDATE SET
    accepted = gateway_minutes.accepted + excluded.accepted,
    errors = gateway_minutes.errors + excluded.errors,
    uncertain = gateway_minutes.uncertain + excluded.uncertain,
    rejected = gateway_minutes.rejected + excluded.rejected,
    delivered = gateway_minutes.delivered + excluded.delivered,
    undelivered = gateway_minutes.undelivered + excluded.undelivered,
    in_time = gateway_minutes.in_time + excluded.in_time;
