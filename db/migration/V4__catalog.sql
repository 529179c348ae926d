-- What is archived, and where it lies. Objects before rows: no row ever points at bytes that are not there.

CREATE TABLE author (
    author_id     text        PRIMARY KEY,
    red_id        text,
    nickname      text,
    avatar_url    text,
    verified      boolean,
    verified_type integer,
    updated_at    timestamptz NOT NULL
);

COMMENT ON TABLE author IS 'Who wrote the notes, as last captured.';
COMMENT ON COLUMN author.author_id IS 'The platform''s user id.';
COMMENT ON COLUMN author.red_id IS 'The number that people know the author by.';
COMMENT ON COLUMN author.avatar_url IS 'Where the picture was, without query or signature; it is not archived.';
COMMENT ON COLUMN author.verified IS 'red_official_verified; NULL when the answer does not say.';
COMMENT ON COLUMN author.updated_at IS 'captured_at of the answer that these values are from.';

CREATE TABLE note (
    note_id            text        PRIMARY KEY CHECK (note_id ~ '^[0-9a-f]{24}$'),
    note_type          text,
    title              text,
    note_text          text,
    author_id          text        REFERENCES author,
    published_at       timestamptz,
    edited_at          timestamptz,
    place              text,
    language           text,
    download_allowed   boolean,
    save_disabled      boolean,
    watermark_disabled boolean,
    in_censor          boolean,
    privacy_type       integer,
    liked_count        bigint,
    collected_count    bigint,
    comments_count     bigint,
    shared_count       bigint,
    view_count         bigint,
    first_captured_at  timestamptz NOT NULL,
    last_captured_at   timestamptz NOT NULL,
    archived_at        timestamptz
);

CREATE INDEX note_author ON note (author_id);

COMMENT ON TABLE note IS 'Each note as last captured. Absent is NULL, never zero or empty.';
COMMENT ON COLUMN note.note_type IS 'normal or video, as the provider says; what media a note has stands in note_media.';
COMMENT ON COLUMN note.note_text IS 'The whole text. NUL and lone surrogates are replaced by U+FFFD; the exact bytes are in the sidecar.';
COMMENT ON COLUMN note.edited_at IS 'NULL: never edited.';
COMMENT ON COLUMN note.place IS 'ip_location: the province or country that the platform shows.';
COMMENT ON COLUMN note.language IS 'text_language_code.';
COMMENT ON COLUMN note.download_allowed IS 'False: the author has switched off downloading of the video.';
COMMENT ON COLUMN note.save_disabled IS 'media_save_config.disable_save.';
COMMENT ON COLUMN note.watermark_disabled IS 'media_save_config.disable_watermark.';
COMMENT ON COLUMN note.privacy_type IS 'privacy.type: 0 is public.';
COMMENT ON COLUMN note.view_count IS 'The provider sends 0 for every note seen so far.';
COMMENT ON COLUMN note.archived_at IS 'When the last expected file was stored or waived; NULL: not complete.';

CREATE TABLE note_capture (
    note_id         text        NOT NULL REFERENCES note,
    captured_at     timestamptz NOT NULL,
    call_id         bigint      NOT NULL UNIQUE REFERENCES api_call,
    liked_count     bigint,
    collected_count bigint,
    comments_count  bigint,
    shared_count    bigint,
    view_count      bigint,
    answer          jsonb       NOT NULL,
    sidecar_key     text,
    PRIMARY KEY (note_id, captured_at)
);

COMMENT ON TABLE note_capture IS 'One row for each paid answer that held its note: the counts then, and the whole answer.';
COMMENT ON COLUMN note_capture.captured_at IS 'When the answer was received: api_call.received_at.';
COMMENT ON COLUMN note_capture.answer IS 'The whole answer, with NUL and lone surrogates replaced by U+FFFD.';
COMMENT ON COLUMN note_capture.sidecar_key IS 'Key of the object with the exact answer and the list of its media; NULL until the note has reached an end.';

CREATE TABLE note_topic (
    note_id    text     NOT NULL REFERENCES note,
    ordinal    integer  NOT NULL,
    topic_id   text,
    name       text     NOT NULL,
    topic_type text,
    PRIMARY KEY (note_id, ordinal)
);

CREATE INDEX note_topic_name ON note_topic (name);

COMMENT ON TABLE note_topic IS 'The topics of a note as last captured, in the order of the answer.';
COMMENT ON COLUMN note_topic.topic_type IS 'What kind of tag the provider calls it; topic for most.';

CREATE TABLE note_mention (
    note_id  text    NOT NULL REFERENCES note,
    ordinal  integer NOT NULL,
    user_id  text,
    nickname text,
    PRIMARY KEY (note_id, ordinal)
);

CREATE INDEX note_mention_user ON note_mention (user_id);

COMMENT ON TABLE note_mention IS 'Whom a note names, as last captured.';

-- Every archived file, once, whoever uses it. A row is written after its object.
CREATE TABLE media_object (
    sha256       text        PRIMARY KEY CHECK (sha256 ~ '^[0-9a-f]{64}$'),
    object_key   text        NOT NULL UNIQUE,
    size_bytes   bigint      NOT NULL CHECK (size_bytes > 0),
    content_type text        NOT NULL,
    stored_at    timestamptz NOT NULL,
    verified_at  timestamptz NOT NULL
);

COMMENT ON TABLE media_object IS 'Every archived file, once, whoever uses it.';
COMMENT ON COLUMN media_object.sha256 IS 'Of the bytes as received, in lower-case hex. Hash the object again to prove the archive intact.';
COMMENT ON COLUMN media_object.object_key IS 'Key within the bucket. Which bucket is configuration, so the archive can move.';
COMMENT ON COLUMN media_object.content_type IS 'From the first bytes, not from what the server or the file name said.';
COMMENT ON COLUMN media_object.verified_at IS 'When the store last showed that it holds these bytes: at first, its own digest of the upload.';

CREATE TABLE note_media (
    note_id     text        NOT NULL REFERENCES note,
    kind        text        NOT NULL CHECK (kind IN ('IMAGE', 'MOTION', 'AUDIO', 'VIDEO')),
    ordinal     integer     NOT NULL CHECK (ordinal >= 0),
    identity    text        NOT NULL,
    state       text        NOT NULL CHECK (state IN ('STORED', 'MISSING', 'WAIVED')),
    reason      text,
    rendition   text,
    width       integer,
    height      integer,
    sha256      text        REFERENCES media_object,
    checks      text,
    error       text,
    dead_night  date,
    captured_at timestamptz NOT NULL,
    updated_at  timestamptz NOT NULL,
    PRIMARY KEY (note_id, kind, ordinal),
    CHECK ((state = 'STORED') = (sha256 IS NOT NULL)),
    CHECK (state = 'STORED' OR reason IS NOT NULL)
);

-- Which notes use these bytes? And what is missing or waived, by reason?
CREATE INDEX note_media_sha256 ON note_media (sha256);
CREATE INDEX note_media_gaps ON note_media (state, reason) WHERE state <> 'STORED';

COMMENT ON TABLE note_media IS 'The files that a note''s answer promises, one row a slot, and what became of each.';
COMMENT ON COLUMN note_media.kind IS 'IMAGE: still or cover. MOTION: the moving half of the live photo IMAGE of the same ordinal. AUDIO: sound or music. VIDEO: the video.';
COMMENT ON COLUMN note_media.ordinal IS 'From 0, in the order of the answer.';
COMMENT ON COLUMN note_media.identity IS 'The source''s own name of the file: fileid, live_photo_file_id, video_id, sound_id; else the last part of its first address.';
COMMENT ON COLUMN note_media.state IS 'STORED: the bytes lie verified in the store. WAIVED: accepted as empty, by name. MISSING: expected and not there.';
COMMENT ON COLUMN note_media.reason IS
    'STORED: empty. WAIVED: NOT_OFFERED_BY_V1, BY_POLICY, or what an operator gave. MISSING: RETRY (will be tried again), DEAD (every address dead; a new answer may help) or GONE (dead in two answers of different nights).';
COMMENT ON COLUMN note_media.rendition IS 'Which of the offered addresses was taken, by its name in the answer.';
COMMENT ON COLUMN note_media.width IS 'Pixels, as the answer says; NULL: it does not.';
COMMENT ON COLUMN note_media.height IS 'Pixels, as the answer says; NULL: it does not.';
COMMENT ON COLUMN note_media.checks IS 'What the promised length and MD5 said of the bytes, such as "size match, md5 mismatch"; NULL: nothing was promised.';
COMMENT ON COLUMN note_media.error IS 'Why the last try failed, for a person to read.';
COMMENT ON COLUMN note_media.dead_night IS 'The night whose answer first had only dead addresses for this file.';
COMMENT ON COLUMN note_media.captured_at IS 'The answer that last listed this file.';
