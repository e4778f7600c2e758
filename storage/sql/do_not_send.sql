-- name: do_not_send(address, since, ordered_by, reason)*!
INSERT INTO do_not_send (address, since, ordered_by, reason) VALUES (:address, :since, :ordered_by, :reason)
ON CONFLICT DO NOTHING;

-- name: send_again(addresses)!
DELETE FROM do_not_send WHERE address IN (SELECT key FROM json_each(:addresses));

-- name: unwanted(most)
SELECT address, since, ordered_by, reason FROM do_not_send ORDER BY since DESC, address LIMIT :most;

-- name: count_unwanted()$
SELECT COUNT(*) FROM do_not_send;
