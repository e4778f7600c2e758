-- name: vault(name)$
SELECT content FROM vaults WHERE name = :name;

-- name: vault_keep(name, content, kept_at)!
INSERT INTO vaults (name, content, kept_at) VALUES (:name, :content, :kept_at)
ON CONFLICT (name) DO UPDATE SET content = excluded.content, kept_at = excluded.kept_at;
