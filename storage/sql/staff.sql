-- name: staff_add(id, login, name, email, grants, since, disabled_at, subject, password, totp, totp_step, recovery, failures, locked_until)!
INSERT INTO staff (
    id, login, name, email, grants, since, disabled_at, subject, password, totp, totp_step, recovery, failures, locked_until
) VALUES (
    :id, :login, :name, :email, :grants, :since, :disabled_at, :subject, :password, :totp, :totp_step, :recovery,
    :failures, :locked_until
) ON CONFLICT (login) DO NOTHING;

-- name: staff_save(id, login, name, email, grants, since, disabled_at, subject)!
UPDATE staff SET
    login = :login, name = :name, email = :email, grants = :grants, since = :since, disabled_at = :disabled_at,
    subject = :subject
WHERE id = :id;

-- name: staff_member(id)^
SELECT id, login, name, email, grants, since, disabled_at, subject, last_in FROM staff WHERE id = :id;

-- name: staff_by_login(login)^
SELECT id, login, name, email, grants, since, disabled_at, subject, last_in FROM staff WHERE login = :login;

-- name: staff_by_subject(subject)^
SELECT id, login, name, email, grants, since, disabled_at, subject, last_in FROM staff WHERE subject = :subject AND subject <> '';

-- name: staff_members()
SELECT id, login, name, email, grants, since, disabled_at, subject, last_in FROM staff ORDER BY login;

-- name: staff_names()
SELECT login, name FROM staff;

-- name: staff_lock()
SELECT id, login, name, email, grants, since, disabled_at, subject, last_in FROM staff ORDER BY login FOR UPDATE;

-- name: staff_saw(id, at)!
UPDATE staff SET last_in = :at WHERE id = :id;

-- name: staff_sign_ins()
SELECT
    id, recovery, locked_until,
    CASE WHEN password = '' THEN 0 ELSE 1 END AS has_password, CASE WHEN totp = '' THEN 0 ELSE 1 END AS has_totp
FROM staff;

-- name: staff_credentials(id)^
SELECT password, totp, totp_step, recovery, failures, locked_until FROM staff WHERE id = :id FOR UPDATE;

-- name: staff_save_credentials(id, password, totp, totp_step, recovery, failures, locked_until)!
UPDATE staff SET
    password = :password, totp = :totp, totp_step = :totp_step, recovery = :recovery, failures = :failures,
    locked_until = :locked_until
WHERE id = :id;

-- name: staff_open_session(digest, member, opened_at, seen_at, agent, network, proved_at, note)!
INSERT INTO staff_sessions (digest, member, opened_at, seen_at, agent, network, proved_at, note)
VALUES (:digest, :member, :opened_at, :seen_at, :agent, :network, :proved_at, :note);

-- name: staff_session(digest)^
SELECT
    s.digest, s.member, s.opened_at, s.seen_at, s.agent, s.network, s.proved_at, s.note,
    m.id, m.login, m.name, m.email, m.grants, m.since, m.disabled_at, m.subject, m.last_in
FROM staff_sessions AS s JOIN staff AS m ON m.id = s.member
WHERE s.digest = :digest AND m.disabled_at IS NULL;

-- name: staff_save_session(digest, seen_at, proved_at, note)!
UPDATE staff_sessions SET seen_at = :seen_at, proved_at = :proved_at, note = :note WHERE digest = :digest;

-- name: staff_sessions(member)
SELECT digest, member, opened_at, seen_at, agent, network, proved_at, note FROM staff_sessions
WHERE member = :member OR :member = ''
ORDER BY seen_at DESC, digest;

-- name: staff_end_session(digest)!
DELETE FROM staff_sessions WHERE digest = :digest;

-- name: staff_end_sessions(member, but)!
DELETE FROM staff_sessions WHERE member = :member AND digest <> :but;

-- name: staff_end_one(member, mark)!
DELETE FROM staff_sessions WHERE member = :member AND SUBSTR(digest, 1, LENGTH(:mark)) = :mark AND LENGTH(:mark) >= 16;

-- name: staff_prune_sessions(opened_before, seen_before)!
DELETE FROM staff_sessions WHERE opened_at < :opened_before OR seen_at < :seen_before;

-- name: staff_uninvite(login)!
DELETE FROM staff_invitations WHERE login = :login;

-- name: staff_invite(digest, login, name, email, grants, invited_by, at, expires_at, member)!
INSERT INTO staff_invitations (digest, login, name, email, grants, invited_by, at, expires_at, member)
VALUES (:digest, :login, :name, :email, :grants, :invited_by, :at, :expires_at, :member);

-- name: staff_invitations()
SELECT digest, login, name, email, grants, invited_by, at, expires_at, member FROM staff_invitations ORDER BY at DESC, login;

-- name: staff_invitation(digest)^
SELECT digest, login, name, email, grants, invited_by, at, expires_at, member FROM staff_invitations WHERE digest = :digest;

-- name: staff_use_invitation(digest)!
DELETE FROM staff_invitations WHERE digest = :digest;

-- name: staff_prune_invitations(expired_before)!
DELETE FROM staff_invitations WHERE expires_at < :expired_before;
