-- Archived notes and the location of their media. Objects before rows: no row points at missing bytes.

CREATE TABLE author (
    author_id     text        PRIMARY KEY,
    red_id        text,
    nickname      text,
    avatar_url    text,
    verified      boolean,
    verified_type integer,
    updated_at    timestamptz NOT NULL,
    changed_at    timestamptz NOT NULL DEFAULT now()
);

COMMENT ON TABLE author IS 'Who wrote the notes, as last captured.';
COMMENT ON COLUMN author.author_id IS 'The platform''s user id.';
COMMENT ON COLUMN author.red_id IS 'The number that people know the author by.';
COMMENT ON COLUMN author.nickname IS 'The name that the app shows; note_capture.author_nickname has earlier ones.';
COMMENT ON COLUMN author.avatar_url IS 'Where the picture was, without query or signature; it is not archived.';
COMMENT ON COLUMN author.verified IS 'red_official_verified; NULL: absent in the response.';
COMMENT ON COLUMN author.verified_type IS
    'red_official_verify_type: 0, not verified; else what kind of person or company.';
COMMENT ON COLUMN author.updated_at IS 'captured_at of the response that contained these values.';
COMMENT ON COLUMN author.changed_at IS
    'When one of the values last changed, by the database''s clock. export --since reads it. Set by a trigger.';

CREATE TABLE note (
    note_id              text COLLATE "C" PRIMARY KEY CHECK (note_id ~ '^[0-9a-f]{24}$'),
    note_type            text,
    title                text,
    note_text            text,
    author_id            text        REFERENCES author,
    published_at         timestamptz,
    edited_at            timestamptz,
    place                text,
    language             text,
    download_allowed     boolean,
    save_disabled        boolean,
    watermark_disabled   boolean,
    in_censor            boolean,
    privacy_type         integer,
    liked_count          bigint,
    collected_count      bigint,
    comments_count       bigint,
    shared_count         bigint,
    view_count           bigint,
    first_captured_at    timestamptz NOT NULL,
    last_captured_at     timestamptz NOT NULL,
    archived_at          timestamptz,
    download_reason      text,
    weibo_cover_disabled boolean,
    pinned               boolean,
    comment_restriction  integer,
    co_produced          boolean,
    cooperation_count    integer,
    related_goods        boolean,
    image_count          integer,
    cover_width          integer,
    cover_height         integer,
    video_duration_ms    bigint,
    has_music            boolean,
    sound_id             text,
    sound_name           text,
    sound_creator_id     text,
    sound_duration_ms    bigint,
    sound_use_count      bigint,
    music_id             text,
    music_name           text,
    mapper_version       integer,
    search               text,
    changed_at           timestamptz NOT NULL DEFAULT now()
)
-- Most notes are captured again with the text they had. Where there is room on the page, such an update touches no index.
WITH (fillfactor = 85);

CREATE INDEX note_author ON note (author_id);

COMMENT ON TABLE note IS 'Each note as last captured. Absent is NULL, never zero or empty.';
COMMENT ON COLUMN note.note_id IS '24 lower-case hexadecimal digits, as in the links of the app.';
COMMENT ON COLUMN note.note_type IS
    'normal or video, as reported by the provider; note_media has the media of a note.';
COMMENT ON COLUMN note.title IS 'title. NULL: the note has none, as many have.';
COMMENT ON COLUMN note.note_text IS
    'The whole text. NUL and lone surrogates are replaced by U+FFFD; the exact bytes are in the sidecar.';
COMMENT ON COLUMN note.author_id IS 'Who wrote it: author.author_id. NULL: absent in the response.';
COMMENT ON COLUMN note.published_at IS 'time, to the second.';
COMMENT ON COLUMN note.edited_at IS 'last_update_time, to the second. NULL: never edited.';
COMMENT ON COLUMN note.place IS 'ip_location: the province or country that the platform shows.';
COMMENT ON COLUMN note.language IS 'text_language_code.';
COMMENT ON COLUMN note.download_allowed IS
    'function_switch, video_download: enable. False: the author has switched off downloading of the video.';
COMMENT ON COLUMN note.save_disabled IS 'media_save_config.disable_save.';
COMMENT ON COLUMN note.watermark_disabled IS 'media_save_config.disable_watermark.';
COMMENT ON COLUMN note.in_censor IS 'in_censor. True: the platform is looking at it, and may not show it to others.';
COMMENT ON COLUMN note.privacy_type IS 'privacy.type: 0 is public.';
COMMENT ON COLUMN note.liked_count IS
    'Likes at last_captured_at; note_capture has those of earlier times. NULL: absent in the response.';
COMMENT ON COLUMN note.collected_count IS
    'Times it was put into a collection, at last_captured_at. NULL: absent in the response.';
COMMENT ON COLUMN note.comments_count IS
    'Comments, replies included, at last_captured_at. NULL: absent in the response.';
COMMENT ON COLUMN note.shared_count IS 'Times it was shared, at last_captured_at. NULL: absent in the response.';
COMMENT ON COLUMN note.view_count IS 'The provider sends 0 for every note seen so far.';
COMMENT ON COLUMN note.first_captured_at IS 'The oldest response about the note: the least note_capture.captured_at.';
COMMENT ON COLUMN note.last_captured_at IS
    'The response to note-detail/v1 that contained these values. An older response that is written later changes none of them.';
COMMENT ON COLUMN note.archived_at IS 'When the last expected file was stored or waived; NULL: not complete.';
COMMENT ON COLUMN note.download_reason IS
    'function_switch, video_download: reason, as the app shows it to users.';
COMMENT ON COLUMN note.weibo_cover_disabled IS 'media_save_config.disable_weibo_cover.';
COMMENT ON COLUMN note.pinned IS 'sticky: the author keeps it at the top of the own page.';
COMMENT ON COLUMN note.comment_restriction IS 'comment_prompt_config.forbidden_cmt_type: 0: everyone may comment.';
COMMENT ON COLUMN note.co_produced IS 'has_co_produce.';
COMMENT ON COLUMN note.cooperation_count IS
    'Entries of cooperate_binds: brands that the author declares to work with. NULL: the response has no such list.';
COMMENT ON COLUMN note.related_goods IS 'has_related_goods: things are sold with it.';
COMMENT ON COLUMN note.image_count IS
    'Entries of images_list; the cover of a video is one. NULL: the response has no such list.';
COMMENT ON COLUMN note.cover_width IS
    'Pixels of the first image as it was uploaded (origin_img), else as offered. NULL: absent in the response.';
COMMENT ON COLUMN note.cover_height IS
    'Pixels of the first image as it was uploaded (origin_img), else as offered. NULL: absent in the response.';
COMMENT ON COLUMN note.video_duration_ms IS
    'Milliseconds, from video_info_v2, which responses to note-detail/v1 rarely contain: NULL.';
COMMENT ON COLUMN note.has_music IS 'has_music. Original sound is none: see sound_id.';
COMMENT ON COLUMN note.sound_id IS 'native_voice_info.sound_id: the sound, which other notes may use, too.';
COMMENT ON COLUMN note.sound_name IS 'native_voice_info.name.';
COMMENT ON COLUMN note.sound_creator_id IS 'Whose sound it is, a user id: widgets_context.note_sound_info.creator.';
COMMENT ON COLUMN note.sound_duration_ms IS 'native_voice_info.duration, milliseconds.';
COMMENT ON COLUMN note.sound_use_count IS 'native_voice_info.use_count: notes that use the sound, at last_captured_at.';
COMMENT ON COLUMN note.music_id IS 'simple_music_info: id or music_id of music laid under it.';
COMMENT ON COLUMN note.music_name IS 'simple_music_info: name or title.';
COMMENT ON COLUMN note.search IS
    'What search compares: title, author''s name, topics and text, each in a line, the first 10,000 characters, as search_text makes them.';
COMMENT ON COLUMN note.mapper_version IS
    'The version of the mapper that made these values; remap updates those of an older one.';
COMMENT ON COLUMN note.changed_at IS
    'When the row, its captures, topics, mentions or comments were last written, or a slot was removed, by the database''s clock. export --since reads it. Set by triggers: a transaction that writes topics writes the note as well.';

CREATE TABLE note_capture (
    note_id             text COLLATE "C" NOT NULL REFERENCES note,
    captured_at         timestamptz NOT NULL,
    call_id             bigint      NOT NULL UNIQUE REFERENCES api_call,
    liked_count         bigint,
    collected_count     bigint,
    comments_count      bigint,
    shared_count        bigint,
    view_count          bigint,
    response            jsonb,
    sidecar_key         text,
    sidecar_verified_at timestamptz,
    title               text,
    note_text           text,
    author_id           text,
    author_nickname     text,
    mapper_version      integer,
    PRIMARY KEY (note_id, captured_at),
    CHECK (response IS NOT NULL OR sidecar_key IS NOT NULL)
);

-- Which verifications are later than now, by a clock that was ahead.
CREATE INDEX note_capture_audit ON note_capture (coalesce(sidecar_verified_at, timestamptz 'epoch'), call_id)
    WHERE sidecar_key IS NOT NULL;
-- The names that an author has had, and what there is of an author to be forgotten.
CREATE INDEX note_capture_author ON note_capture (author_id) WHERE author_id IS NOT NULL;
-- What was captured lately, and what the counts were before: engagement_growth, note_growth_week, note_edit. With the
-- counts, so that the rows need not be read, which hold the texts.
CREATE INDEX note_capture_captured ON note_capture (captured_at)
    INCLUDE (note_id, liked_count, collected_count, comments_count, shared_count);
CREATE INDEX note_capture_counts ON note_capture (note_id, captured_at)
    INCLUDE (liked_count, collected_count, comments_count, shared_count) WHERE liked_count IS NOT NULL;

COMMENT ON TABLE note_capture IS
    'One row for each paid response that contained its note: the counts and texts at that time; the whole response of at least the newest two.';
COMMENT ON COLUMN note_capture.note_id IS 'The requested note.';
COMMENT ON COLUMN note_capture.captured_at IS 'When the response was received: api_call.received_at.';
COMMENT ON COLUMN note_capture.call_id IS
    'The call that bought it. Responses to note-detail/v6 have rows of their own, and change nothing in note.';
COMMENT ON COLUMN note_capture.liked_count IS 'Likes then. NULL: absent in the response.';
COMMENT ON COLUMN note_capture.collected_count IS
    'Times it was put into a collection, then. NULL: absent in the response.';
COMMENT ON COLUMN note_capture.comments_count IS 'Comments then, replies included. NULL: absent in the response.';
COMMENT ON COLUMN note_capture.shared_count IS 'Times it was shared, then. NULL: absent in the response.';
COMMENT ON COLUMN note_capture.view_count IS 'Views then; the provider sends 0 for every note seen so far.';
COMMENT ON COLUMN note_capture.response IS
    'The whole response, with NUL and lone surrogates replaced by U+FFFD, of at least the newest two captures of the note by note-detail/v1, and by v6; of older ones until an audit has read the sidecar. NULL: the response is in the sidecar only.';
COMMENT ON COLUMN note_capture.sidecar_key IS
    'Key of the sidecar object with the exact response, the list of its media and the worklist row, stored before this row.';
COMMENT ON COLUMN note_capture.sidecar_verified_at IS
    'When verify last read the sidecar and found it to be that of this capture; NULL: never, or it was found damaged since.';
COMMENT ON COLUMN note_capture.title IS
    'The title then. NULL: none, or a response to note-detail/v6.';
COMMENT ON COLUMN note_capture.note_text IS
    'The whole text then. NULL: none, or a response to note-detail/v6.';
COMMENT ON COLUMN note_capture.author_id IS
    'The author in this response. NULL: absent, or a response to note-detail/v6.';
COMMENT ON COLUMN note_capture.author_nickname IS
    'What the author was called then; author.nickname is the name now. NULL as author_id.';
COMMENT ON COLUMN note_capture.mapper_version IS
    'The version of the mapper that made title to author_nickname and the counts. NULL: a response to note-detail/v6, which has counts only.';

CREATE TABLE note_topic (
    note_id    text COLLATE "C" NOT NULL REFERENCES note,
    ordinal    integer  NOT NULL,
    topic_id   text,
    name       text     NOT NULL,
    topic_type text,
    PRIMARY KEY (note_id, ordinal)
);

CREATE INDEX note_topic_name ON note_topic (name);

COMMENT ON TABLE note_topic IS 'The topics of a note as last captured, in the order of the response.';
COMMENT ON COLUMN note_topic.note_id IS 'The note that is filed under it.';
COMMENT ON COLUMN note_topic.ordinal IS 'From 0, in the order of the response: hash_tag, then what only topics has.';
COMMENT ON COLUMN note_topic.topic_id IS 'The platform''s id of the topic. NULL: absent in the response.';
COMMENT ON COLUMN note_topic.name IS 'Without the # before it; at most 500 characters.';
COMMENT ON COLUMN note_topic.topic_type IS 'What kind of tag the provider calls it; topic for most.';

CREATE TABLE note_mention (
    note_id  text COLLATE "C" NOT NULL REFERENCES note,
    ordinal  integer NOT NULL,
    user_id  text,
    nickname text,
    PRIMARY KEY (note_id, ordinal)
);

CREATE INDEX note_mention_user ON note_mention (user_id);

COMMENT ON TABLE note_mention IS 'Whom a note names, as last captured.';
COMMENT ON COLUMN note_mention.note_id IS 'The note that names the person.';
COMMENT ON COLUMN note_mention.ordinal IS 'From 0, in the order of the response.';
COMMENT ON COLUMN note_mention.user_id IS
    'Whom it names, a user id. Not in author, unless that person wrote a note, too.';
COMMENT ON COLUMN note_mention.nickname IS 'What that person was called then.';

-- Comments contained in a response: few of comments_count, and most responses have none.
CREATE TABLE note_comment (
    note_id         text COLLATE "C" NOT NULL,
    captured_at     timestamptz NOT NULL,
    ordinal         integer     NOT NULL,
    comment_id      text,
    parent_id       text,
    author_id       text,
    author_red_id   text,
    author_nickname text,
    comment_text    text,
    written_at      timestamptz,
    place           text,
    liked_count     bigint,
    reply_count     bigint,
    PRIMARY KEY (note_id, captured_at, ordinal),
    FOREIGN KEY (note_id, captured_at) REFERENCES note_capture ON DELETE CASCADE
);

-- Comments of an author below notes of other authors.
CREATE INDEX note_comment_author ON note_comment (author_id) WHERE author_id IS NOT NULL;

COMMENT ON TABLE note_comment IS
    'Comments contained in the response of each capture: a few of comments_count, mostly none. Replies follow the comment that they are below.';
COMMENT ON COLUMN note_comment.note_id IS 'The note that is commented on.';
COMMENT ON COLUMN note_comment.captured_at IS 'The response that contained it: note_capture.captured_at.';
COMMENT ON COLUMN note_comment.ordinal IS 'From 0, in the order of the response.';
COMMENT ON COLUMN note_comment.comment_id IS
    'The platform''s id of the comment; the same in every response that contains it.';
COMMENT ON COLUMN note_comment.parent_id IS 'The comment_id that it replies to. NULL: it is no reply.';
COMMENT ON COLUMN note_comment.author_id IS
    'Who wrote it: a pseudonym that the platform changes within months, or the id of author.';
COMMENT ON COLUMN note_comment.author_red_id IS 'The number that people know that person by, which stays.';
COMMENT ON COLUMN note_comment.author_nickname IS 'What that person was called then.';
COMMENT ON COLUMN note_comment.comment_text IS 'The whole text.';
COMMENT ON COLUMN note_comment.written_at IS 'When it was written.';
COMMENT ON COLUMN note_comment.place IS 'ip_location: the province or country that the platform shows.';
COMMENT ON COLUMN note_comment.liked_count IS 'Likes of the comment at captured_at.';
COMMENT ON COLUMN note_comment.reply_count IS 'Replies to it at captured_at, whether or not the response contains them.';

-- Every archived file, once, for all notes that use it. A row is written after its object.
CREATE TABLE media_object (
    sha256       text COLLATE "C" PRIMARY KEY CHECK (sha256 ~ '^[0-9a-f]{64}$'),
    object_key   text        NOT NULL UNIQUE,
    size_bytes   bigint      NOT NULL CHECK (size_bytes > 0),
    content_type text        NOT NULL,
    stored_at    timestamptz NOT NULL,
    verified_at  timestamptz
)
-- So that the newest rows are read from the index alone.
WITH (autovacuum_vacuum_insert_scale_factor = 0.02, autovacuum_vacuum_scale_factor = 0.05);

-- The order of an audit: what was verified the longest ago, and what never was, before all.
CREATE INDEX media_object_audit ON media_object (coalesce(verified_at, timestamptz 'epoch'), sha256);
-- How many bytes of media a night has stored, which archive.limits.bytes-per-night limits.
CREATE INDEX media_object_stored ON media_object (stored_at) INCLUDE (size_bytes);

COMMENT ON TABLE media_object IS 'Every archived file, once, for all notes that use it.';
COMMENT ON COLUMN media_object.sha256 IS
    'Of the bytes as received, in lower-case hex. Hash the object again to prove the archive intact.';
COMMENT ON COLUMN media_object.object_key IS
    'Key within the bucket. Which bucket is configuration, so the archive can move.';
COMMENT ON COLUMN media_object.size_bytes IS 'Length in bytes.';
COMMENT ON COLUMN media_object.content_type IS 'From the first bytes, not from what the server or the file name said.';
COMMENT ON COLUMN media_object.stored_at IS
    'When the object came into the store; after a rebuild, the time that the store reports.';
COMMENT ON COLUMN media_object.verified_at IS
    'When the store last showed that it holds these bytes: at first, its own digest of the upload. NULL: not since the tables were rebuilt from the bucket.';

CREATE TABLE note_media (
    note_id     text COLLATE "C" NOT NULL REFERENCES note,
    kind        text        NOT NULL CHECK (kind IN ('IMAGE', 'MOTION', 'AUDIO', 'VIDEO', 'SUBTITLE', 'PREVIEW')),
    ordinal     integer     NOT NULL CHECK (ordinal >= 0),
    identity    text        NOT NULL,
    state       text        NOT NULL CHECK (state IN ('STORED', 'MISSING', 'WAIVED')),
    reason      text,
    rendition   text,
    width       integer,
    height      integer,
    sha256      text COLLATE "C" REFERENCES media_object,
    checks      text,
    error       text,
    dead_night  date,
    captured_at timestamptz NOT NULL,
    updated_at  timestamptz NOT NULL,
    changed_at  timestamptz NOT NULL DEFAULT now(),
    words       text,
    PRIMARY KEY (note_id, kind, ordinal),
    CHECK ((state = 'STORED') = (sha256 IS NOT NULL)),
    CHECK (state = 'STORED' OR reason IS NOT NULL)
);

-- Which notes use these bytes? And what is missing or waived, by reason?
CREATE INDEX note_media_sha256 ON note_media (sha256);
CREATE INDEX note_media_gaps ON note_media (state, reason) WHERE state <> 'STORED';
-- The same file of the source under another note: it need not be downloaded again.
CREATE INDEX note_media_identity ON note_media (identity) WHERE state = 'STORED';
-- Which notes have a lesser rendition of a file?
CREATE INDEX note_media_degraded ON note_media (note_id) WHERE reason = 'DEGRADED';

COMMENT ON TABLE note_media IS 'The files that the response of a note promises, one row for each slot, with the result.';
COMMENT ON COLUMN note_media.note_id IS 'The note that the file belongs to.';
COMMENT ON COLUMN note_media.kind IS
    'IMAGE: still or cover. MOTION: the moving half of the live photo IMAGE of the same ordinal. AUDIO: sound or music. VIDEO: the video. SUBTITLE: the words spoken in it, one slot a language. PREVIEW: a small JPEG or WebP of the IMAGE of the same ordinal, as archive.media.preview selects; never MISSING.';
COMMENT ON COLUMN note_media.ordinal IS
    'From 0, in the order of the response. A file whose position a later response gives to another one, and that it does not list elsewhere, follows all listed ones.';
COMMENT ON COLUMN note_media.identity IS
    'The source''s own name of the file: fileid, live_photo_file_id, video_id, sound_id; else, or where that is a placeholder such as 0, the last part of its first address. SUBTITLE: the language, or #0 by its number where that is no plain word. At most 200 characters: of a longer name the beginning, a tilde and the SHA-256 of the whole.';
COMMENT ON COLUMN note_media.state IS
    'STORED: the bytes lie verified in the store. WAIVED: accepted as empty, by name. MISSING: expected and not there.';
COMMENT ON COLUMN note_media.reason IS
    'STORED: empty, or DEGRADED when a lesser rendition than the best one offered was taken, since the best one was gone or failed at each try of a night; later nights retry the better one while the response is fresh, and requeue --degraded buys a new response for it. WAIVED: NOT_OFFERED_BY_V1 (the video was not asked for), NOT_OFFERED_BY_V6 (it was, and there is none), NOT_REFRESHED (a refresh found it in a note that was archived without it, and could not have it; error says why, and it is tried for again), BY_POLICY, or what an operator gave. MISSING: RETRY (will be tried again), DEAD (every address dead; a new answer may help), GONE (dead in two answers of different nights) or NO_ANSWER (the call for the video was not made yet, or did not bring the note; error says why).';
COMMENT ON COLUMN note_media.rendition IS
    'The offered URL that was used, by its name in the response; of a PREVIEW with " as jpg" if it was requested as JPEG.';
COMMENT ON COLUMN note_media.width IS 'Pixels, as given in the response; NULL: absent.';
COMMENT ON COLUMN note_media.height IS 'Pixels, as given in the response; NULL: absent.';
COMMENT ON COLUMN note_media.sha256 IS 'The stored file: media_object.sha256. NULL unless STORED.';
COMMENT ON COLUMN note_media.checks IS
    'Comparison with the promised length and MD5, and last, in quotes, what is odd about the file itself or cannot be detected of it: size match, md5 mismatch in two downloads, remarks "no check for truncation; pixels 720x1280, promised 1080x1920". A file with another MD5 is stored only if two downloads had the same bytes. Or the note that has the same file of the source. NULL: nothing was promised, and nothing is odd.';
COMMENT ON COLUMN note_media.error IS
    'Why the last try failed, for a person to read. DEGRADED: why the better renditions could not be had.';
COMMENT ON COLUMN note_media.dead_night IS 'The night whose response first had only expired URLs for this file.';
COMMENT ON COLUMN note_media.captured_at IS
    'The response that last listed this file. Older than note.last_captured_at: the note no longer has the file, the archive does.';
COMMENT ON COLUMN note_media.updated_at IS 'When this row was last decided.';
COMMENT ON COLUMN note_media.changed_at IS
    'When an exported value last changed, by the database''s clock. export --since reads it. Set by a trigger.';

COMMENT ON COLUMN note_media.words IS
    'SUBTITLE: its words as search compares them, without times and markup, the first 10,000 characters, each line of a cue in a line, of the first 16 subtitles. NULL for all others.';

-- A row that is written anyway is marked while it is written. Another write of the row of the note is made only where its
-- transaction did not write it: for a removed slot or person, a repaired capture, a video that came later.
CREATE TRIGGER author_changed BEFORE UPDATE ON author FOR EACH ROW
    WHEN ((OLD.red_id, OLD.nickname, OLD.avatar_url, OLD.verified, OLD.verified_type) IS DISTINCT FROM
          (NEW.red_id, NEW.nickname, NEW.avatar_url, NEW.verified, NEW.verified_type))
    EXECUTE FUNCTION mark_changed();
CREATE TRIGGER note_changed BEFORE UPDATE ON note FOR EACH ROW EXECUTE FUNCTION mark_changed();
CREATE TRIGGER note_media_changed BEFORE UPDATE ON note_media FOR EACH ROW
    WHEN ((OLD.ordinal, OLD.identity, OLD.state, OLD.reason, OLD.rendition, OLD.width, OLD.height, OLD.sha256) IS DISTINCT FROM
          (NEW.ordinal, NEW.identity, NEW.state, NEW.reason, NEW.rendition, NEW.width, NEW.height, NEW.sha256))
    EXECUTE FUNCTION mark_changed();

CREATE FUNCTION mark_note_changed() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
AS $$
BEGIN
    UPDATE note SET changed_at = now() WHERE note_id = coalesce(NEW.note_id, OLD.note_id) AND changed_at < now();
    RETURN NULL;
END
$$;

COMMENT ON FUNCTION mark_note_changed() IS 'Sets note.changed_at, unless this transaction has done so.';

CREATE TRIGGER note_capture_video AFTER INSERT ON note_capture FOR EACH ROW
    WHEN (NEW.mapper_version IS NULL) EXECUTE FUNCTION mark_note_changed();
CREATE TRIGGER note_capture_changed AFTER UPDATE ON note_capture FOR EACH ROW
    WHEN ((OLD.liked_count, OLD.collected_count, OLD.comments_count, OLD.shared_count, OLD.view_count, OLD.sidecar_key,
           OLD.title, OLD.note_text, OLD.author_id, OLD.author_nickname) IS DISTINCT FROM
          (NEW.liked_count, NEW.collected_count, NEW.comments_count, NEW.shared_count, NEW.view_count, NEW.sidecar_key,
           NEW.title, NEW.note_text, NEW.author_id, NEW.author_nickname))
    EXECUTE FUNCTION mark_note_changed();
CREATE TRIGGER note_mention_removed AFTER DELETE ON note_mention FOR EACH ROW EXECUTE FUNCTION mark_note_changed();
CREATE TRIGGER note_comment_removed AFTER DELETE ON note_comment FOR EACH ROW EXECUTE FUNCTION mark_note_changed();
CREATE TRIGGER note_media_removed AFTER DELETE ON note_media FOR EACH ROW EXECUTE FUNCTION mark_note_changed();

-- How many files there are is known without reading them all. Rows are added and never changed, as those of worklist_count.
CREATE TABLE media_object_count (
    counted_until timestamptz,
    files         bigint NOT NULL,
    bytes         bigint NOT NULL
);

COMMENT ON TABLE media_object_count IS
    'How many files there are and how many bytes, as sums, of all rows of media_object that were stored before max(counted_until); the newer ones are counted by each query. When a row of that time is added, changed or removed, a trigger adds the difference.';
COMMENT ON COLUMN media_object_count.counted_until IS
    'Rows with a media_object.stored_at before it are counted. Hours ago: what was stored then is committed. NULL: a difference that came later.';
COMMENT ON COLUMN media_object_count.files IS 'So many rows; to be added up.';
COMMENT ON COLUMN media_object_count.bytes IS 'The sum of their size_bytes; to be added up.';

INSERT INTO media_object_count (counted_until, files, bytes)
VALUES (now() - interval '6 hours', 0, 0);

CREATE FUNCTION media_object_count_row() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
AS $$
DECLARE
    counted   timestamptz;
    more      bigint := 0;
    more_size bigint := 0;
BEGIN
    -- no other transaction advances the time while this one lasts
    PERFORM pg_advisory_xact_lock_shared(hashtext('note-archive, media_object_count'), 0);
    SELECT max(c.counted_until) INTO counted FROM media_object_count c;
    IF TG_OP <> 'INSERT' AND OLD.stored_at < counted THEN
        more := more - 1;
        more_size := more_size - OLD.size_bytes;
    END IF;
    IF TG_OP <> 'DELETE' AND NEW.stored_at < counted THEN
        more := more + 1;
        more_size := more_size + NEW.size_bytes;
    END IF;
    IF more <> 0 OR more_size <> 0 THEN
        INSERT INTO media_object_count (files, bytes) VALUES (more, more_size);
    END IF;
    RETURN NULL;
END $$;

COMMENT ON FUNCTION media_object_count_row() IS
    'Keeps media_object_count when an old row of media_object is added, changed or removed.';

CREATE FUNCTION media_object_count_nothing() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
AS $$
BEGIN
    DELETE FROM media_object_count;
    RETURN NULL;
END $$;

COMMENT ON FUNCTION media_object_count_nothing() IS 'Keeps media_object_count when media_object is emptied.';

-- A file that is stored now is none of these: the condition is all that a run pays.
CREATE TRIGGER media_object_count_insert AFTER INSERT ON media_object FOR EACH ROW
    WHEN (NEW.stored_at < now() - interval '5 hours') EXECUTE FUNCTION media_object_count_row();
CREATE TRIGGER media_object_count_update AFTER UPDATE ON media_object FOR EACH ROW
    WHEN (OLD.stored_at <> NEW.stored_at OR OLD.size_bytes <> NEW.size_bytes) EXECUTE FUNCTION media_object_count_row();
CREATE TRIGGER media_object_count_delete AFTER DELETE ON media_object FOR EACH ROW EXECUTE FUNCTION media_object_count_row();
CREATE TRIGGER media_object_count_truncate AFTER TRUNCATE ON media_object
    FOR EACH STATEMENT EXECUTE FUNCTION media_object_count_nothing();

-- Fields that no earlier response had: changes of the provider or the platform.
CREATE TABLE schema_drift (
    path            text        NOT NULL CHECK (char_length(path) <= 300),
    json_type       text        NOT NULL CHECK (json_type IN ('object', 'array', 'string', 'number', 'boolean', 'null')),
    state           text        NOT NULL DEFAULT 'NEW' CHECK (state IN ('NEW', 'BASELINE')),
    first_seen_at   timestamptz NOT NULL,
    example_note_id text COLLATE "C" NOT NULL CHECK (example_note_id ~ '^[0-9a-f]{24}$'),
    PRIMARY KEY (path, json_type)
);

COMMENT ON TABLE schema_drift IS
    'Fields of responses that are neither documented nor were seen before, once each. Documented fields are not listed.';
COMMENT ON COLUMN schema_drift.path IS
    'Path of the field, such as note.images_list[].url_size_large: below note, the note itself; else from the outermost object. [] is each element of a list, * any name that looks like an id.';
COMMENT ON COLUMN schema_drift.json_type IS
    'Of what JSON type its value is. A field that is documented with another type is in here, too.';
COMMENT ON COLUMN schema_drift.state IS
    'NEW: reported by status. BASELINE: accepted by an operator.';
COMMENT ON COLUMN schema_drift.first_seen_at IS 'The response in which it was found first: note_capture.captured_at.';
COMMENT ON COLUMN schema_drift.example_note_id IS 'The note of that response.';
