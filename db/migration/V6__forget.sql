-- What is not to be archived any more, and must not come back by any way.

CREATE TABLE forgotten_note (
    note_id      text COLLATE "C" PRIMARY KEY CHECK (note_id ~ '^[0-9a-f]{24}$'),
    forgotten_at timestamptz NOT NULL,
    reason       text,
    finished_at  timestamptz
);

CREATE INDEX forgotten_note_unfinished ON forgotten_note (note_id) WHERE finished_at IS NULL;

COMMENT ON TABLE forgotten_note IS
    'Tombstones of erased notes: no other data of them is kept, and enqueue rejects them. The object forgotten/<note id>.json is their copy in the bucket.';
COMMENT ON COLUMN forgotten_note.note_id IS 'The note, known here or not.';
COMMENT ON COLUMN forgotten_note.forgotten_at IS 'When it was decided.';
COMMENT ON COLUMN forgotten_note.reason IS 'What forget --reason said; NULL: nothing.';
COMMENT ON COLUMN forgotten_note.finished_at IS
    'When its rows and objects were gone. NULL: forget was interrupted; the next one finishes it.';

CREATE TABLE forgotten_author (
    author_sha256 text        PRIMARY KEY CHECK (author_sha256 ~ '^[0-9a-f]{64}$'),
    forgotten_at  timestamptz NOT NULL,
    reason        text,
    finished_at   timestamptz
);

COMMENT ON TABLE forgotten_author IS
    'Tombstones of erased authors. A note of theirs that is bought later is erased at once. The object forgotten/author-<hash>.json is their copy in the bucket.';
COMMENT ON COLUMN forgotten_author.author_sha256 IS
    'SHA-256 of the platform''s user id, in lower-case hex: enough to know it again, and not the id itself.';
COMMENT ON COLUMN forgotten_author.forgotten_at IS 'When it was decided.';
COMMENT ON COLUMN forgotten_author.reason IS 'What forget --reason said; NULL: nothing.';
COMMENT ON COLUMN forgotten_author.finished_at IS
    'When the rows about this person were gone. NULL: forget was interrupted; the next one finishes it.';

CREATE TABLE forgotten_object (
    object_key text   PRIMARY KEY,
    size_bytes bigint NOT NULL
);

COMMENT ON TABLE forgotten_object IS
    'Files that no slot needs any more and whose objects are to be removed yet: those of forgotten notes, and those that a better rendition has replaced. Runs and forget remove them, in this order: row, object, entry. An entry whose file a slot uses again is dropped without removal.';
COMMENT ON COLUMN forgotten_object.object_key IS 'Key within the bucket.';
COMMENT ON COLUMN forgotten_object.size_bytes IS 'Of the object, in bytes.';

CREATE FUNCTION person_sha256(user_id text) RETURNS text
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN encode(sha256(convert_to(user_id, 'UTF8')), 'hex');

COMMENT ON FUNCTION person_sha256 IS 'What forgotten_author calls a person.';

-- A note that a run erases because its author was forgotten: who else is to be removed is found without reading all authors.
CREATE INDEX author_person ON author (person_sha256(author_id));

CREATE FUNCTION is_forgotten_person(user_id text) RETURNS boolean
    LANGUAGE sql STABLE
    RETURN EXISTS (SELECT 1 FROM forgotten_author WHERE author_sha256 = person_sha256(user_id));

COMMENT ON FUNCTION is_forgotten_person IS 'Whether a person was forgotten, by the platform''s user id.';

-- Writing a response again, as a refresh does, must not restore an erased person.
CREATE FUNCTION skip_forgotten_person() RETURNS trigger
    LANGUAGE plpgsql AS
$$
BEGIN
    IF is_forgotten_person(to_jsonb(NEW) ->> TG_ARGV[0]) THEN
        RETURN NULL;
    END IF;
    RETURN NEW;
END
$$;

CREATE TRIGGER note_mention_forgotten BEFORE INSERT ON note_mention
    FOR EACH ROW EXECUTE FUNCTION skip_forgotten_person('user_id');
CREATE TRIGGER note_comment_forgotten BEFORE INSERT ON note_comment
    FOR EACH ROW EXECUTE FUNCTION skip_forgotten_person('author_id');

CREATE FUNCTION omit_forgotten_creator() RETURNS trigger
    LANGUAGE plpgsql AS
$$
BEGIN
    NEW.sound_creator_id := NULL;
    RETURN NEW;
END
$$;

CREATE TRIGGER note_creator_forgotten BEFORE INSERT OR UPDATE ON note
    FOR EACH ROW WHEN (NEW.sound_creator_id IS NOT NULL AND is_forgotten_person(NEW.sound_creator_id))
    EXECUTE FUNCTION omit_forgotten_creator();
