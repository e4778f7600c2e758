"""What is personal lies sealed in the database, where a ring of keys is configured: see docs/adr/0028.

`ring` the keys; `seal` the two ways of sealing, and back; `forms` how each kind of value is sealed; `columns` which
columns of which tables, and which parameters of which queries; `statements` queries that seal and open by themselves;
`state` whether a database and a ring belong together; `walks` reseals what is there, page by page.
"""
