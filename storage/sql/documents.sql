-- name: documents_put(id, name, media_type, content, put_at)*!
INSERT INTO documents (id, name, media_type, content, put_at)
VALUES (:id, :name, :media_type, :content, :put_at)
ON CONFLICT DO NOTHING;

-- name: documents_get(ids)
SELECT d.id, d.name, d.media_type, d.content
FROM json_each(:ids) AS wanted CROSS JOIN documents AS d
WHERE d.id = wanted.key;

-- name: documents_forget(before)!
DELETE FROM documents WHERE put_at < :before;

-- name: erase_documents(ids)!
DELETE FROM documents WHERE id IN (SELECT key FROM json_each(:ids));
