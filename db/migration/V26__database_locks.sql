-- A note that a run erases because its author was forgotten: who else is to be removed is found without reading all authors.
CREATE INDEX author_person ON author (person_sha256(author_id));
