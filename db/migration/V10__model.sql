-- What an answer says in columns, of the note and of each capture; comments; fields that nobody has seen before.

ALTER TABLE note
    ADD COLUMN download_reason      text,
    ADD COLUMN weibo_cover_disabled boolean,
    ADD COLUMN pinned               boolean,
    ADD COLUMN comment_restriction  integer,
    ADD COLUMN co_produced          boolean,
    ADD COLUMN cooperation_count    integer,
    ADD COLUMN related_goods        boolean,
    ADD COLUMN image_count          integer,
    ADD COLUMN cover_width          integer,
    ADD COLUMN cover_height         integer,
    ADD COLUMN video_duration_ms    bigint,
    ADD COLUMN has_music            boolean,
    ADD COLUMN sound_id             text,
    ADD COLUMN sound_name           text,
    ADD COLUMN sound_creator_id     text,
    ADD COLUMN sound_duration_ms    bigint,
    ADD COLUMN sound_use_count      bigint,
    ADD COLUMN music_id             text,
    ADD COLUMN music_name           text,
    ADD COLUMN mapper_version       integer;

COMMENT ON COLUMN note.note_id IS '24 lower-case hexadecimal digits, as in the links of the app.';
COMMENT ON COLUMN note.title IS 'title. NULL: the note has none, as many have.';
COMMENT ON COLUMN note.author_id IS 'Who wrote it: author.author_id. NULL: the answer does not say.';
COMMENT ON COLUMN note.published_at IS 'time, to the second.';
COMMENT ON COLUMN note.edited_at IS 'last_update_time, to the second. NULL: never edited.';
COMMENT ON COLUMN note.in_censor IS 'in_censor. True: the platform is looking at it, and may not show it to others.';
COMMENT ON COLUMN note.liked_count IS 'Likes at last_captured_at; note_capture has those of earlier times. NULL: the answer does not say.';
COMMENT ON COLUMN note.collected_count IS 'Times it was put into a collection, at last_captured_at. NULL: the answer does not say.';
COMMENT ON COLUMN note.comments_count IS 'Comments, replies included, at last_captured_at. NULL: the answer does not say.';
COMMENT ON COLUMN note.shared_count IS 'Times it was shared, at last_captured_at. NULL: the answer does not say.';
COMMENT ON COLUMN note.first_captured_at IS 'The oldest answer about it: the least note_capture.captured_at.';
COMMENT ON COLUMN note.last_captured_at IS 'The answer to note-detail/v1 that these values are from. An older one that is written later changes none of them.';
COMMENT ON COLUMN note.download_allowed IS 'function_switch, video_download: enable. False: the author has switched off downloading of the video.';
COMMENT ON COLUMN note.download_reason IS 'function_switch, video_download: reason, as the app shows it to whoever tries.';
COMMENT ON COLUMN note.weibo_cover_disabled IS 'media_save_config.disable_weibo_cover.';
COMMENT ON COLUMN note.pinned IS 'sticky: the author keeps it at the top of the own page.';
COMMENT ON COLUMN note.comment_restriction IS 'comment_prompt_config.forbidden_cmt_type: 0, anybody may comment.';
COMMENT ON COLUMN note.co_produced IS 'has_co_produce.';
COMMENT ON COLUMN note.cooperation_count IS 'Entries of cooperate_binds: brands that the author declares to work with. NULL: the answer has no such list.';
COMMENT ON COLUMN note.related_goods IS 'has_related_goods: things are sold with it.';
COMMENT ON COLUMN note.image_count IS 'Entries of images_list; the cover of a video is one. NULL: the answer has no such list.';
COMMENT ON COLUMN note.cover_width IS 'Pixels of the first image as it was uploaded (origin_img), else as offered. NULL: the answer does not say.';
COMMENT ON COLUMN note.cover_height IS 'Pixels of the first image as it was uploaded (origin_img), else as offered. NULL: the answer does not say.';
COMMENT ON COLUMN note.video_duration_ms IS 'Milliseconds, from video_info_v2, which answers to note-detail/v1 rarely have: NULL.';
COMMENT ON COLUMN note.has_music IS 'has_music. Original sound is none: see sound_id.';
COMMENT ON COLUMN note.sound_id IS 'native_voice_info.sound_id: the sound, which other notes may use, too.';
COMMENT ON COLUMN note.sound_name IS 'native_voice_info.name.';
COMMENT ON COLUMN note.sound_creator_id IS 'Whose sound it is, a user id: widgets_context.note_sound_info.creator.';
COMMENT ON COLUMN note.sound_duration_ms IS 'native_voice_info.duration, milliseconds.';
COMMENT ON COLUMN note.sound_use_count IS 'native_voice_info.use_count: notes that use the sound, at last_captured_at.';
COMMENT ON COLUMN note.music_id IS 'simple_music_info: id or music_id of music laid under it.';
COMMENT ON COLUMN note.music_name IS 'simple_music_info: name or title.';
COMMENT ON COLUMN note.mapper_version IS 'The version of the mapper that made these values. NULL: one before there were versions; remap brings them up to date.';

ALTER TABLE note_capture
    ADD COLUMN title           text,
    ADD COLUMN note_text       text,
    ADD COLUMN author_id       text,
    ADD COLUMN author_nickname text,
    ADD COLUMN mapper_version  integer;

-- The names that an author has had, and what there is of an author to be forgotten.
CREATE INDEX note_capture_author ON note_capture (author_id) WHERE author_id IS NOT NULL;

COMMENT ON COLUMN note_capture.note_id IS 'The note that was asked about.';
COMMENT ON COLUMN note_capture.liked_count IS 'Likes then. NULL: the answer does not say.';
COMMENT ON COLUMN note_capture.collected_count IS 'Times it was put into a collection, then. NULL: the answer does not say.';
COMMENT ON COLUMN note_capture.comments_count IS 'Comments then, replies included. NULL: the answer does not say.';
COMMENT ON COLUMN note_capture.shared_count IS 'Times it was shared, then. NULL: the answer does not say.';
COMMENT ON COLUMN note_capture.view_count IS 'Views then; the provider sends 0 for every note seen so far.';
COMMENT ON COLUMN note_capture.title IS 'The title then. NULL: none, or an answer to note-detail/v6, or not mapped yet: see mapper_version.';
COMMENT ON COLUMN note_capture.note_text IS 'The whole text then. NULL: none, or an answer to note-detail/v6, or not mapped yet: see mapper_version.';
COMMENT ON COLUMN note_capture.author_id IS 'Who wrote it, by this answer. NULL: it does not say, or an answer to note-detail/v6, or not mapped yet: see mapper_version.';
COMMENT ON COLUMN note_capture.author_nickname IS 'What the author was called then; author.nickname is the name now. NULL as author_id.';
COMMENT ON COLUMN note_capture.mapper_version IS
    'The version of the mapper that made title to author_nickname and the counts. NULL: one before there were versions, which remap brings up to date; or an answer to note-detail/v6, which has counts only.';

-- The comments that an answer happens to carry: few of comments_count, and most answers have none.
CREATE TABLE note_comment (
    note_id         text        NOT NULL,
    captured_at     timestamptz NOT NULL,
    ordinal         integer     NOT NULL,
    comment_id      text,
    parent_id       text,
    author_id       text,
    author_nickname text,
    comment_text    text,
    written_at      timestamptz,
    place           text,
    liked_count     bigint,
    reply_count     bigint,
    PRIMARY KEY (note_id, captured_at, ordinal),
    FOREIGN KEY (note_id, captured_at) REFERENCES note_capture ON DELETE CASCADE
);

-- What somebody has written below others' notes.
CREATE INDEX note_comment_author ON note_comment (author_id) WHERE author_id IS NOT NULL;

COMMENT ON TABLE note_comment IS
    'The comments that an answer happened to carry, those of each capture: a few of comments_count, mostly none. Replies follow the comment that they are below.';
COMMENT ON COLUMN note_comment.note_id IS 'The note that is commented on.';
COMMENT ON COLUMN note_comment.captured_at IS 'The answer that carried it: note_capture.captured_at.';
COMMENT ON COLUMN note_comment.ordinal IS 'From 0, in the order of the answer.';
COMMENT ON COLUMN note_comment.comment_id IS 'The platform''s id of the comment; the same in every answer that carries it.';
COMMENT ON COLUMN note_comment.parent_id IS 'The comment_id that it replies to. NULL: it is no reply.';
COMMENT ON COLUMN note_comment.author_id IS 'Who wrote it, a user id. Not in author, unless that person wrote a note, too.';
COMMENT ON COLUMN note_comment.author_nickname IS 'What that person was called then.';
COMMENT ON COLUMN note_comment.comment_text IS 'The whole text.';
COMMENT ON COLUMN note_comment.written_at IS 'When it was written.';
COMMENT ON COLUMN note_comment.place IS 'ip_location: the province or country that the platform shows.';
COMMENT ON COLUMN note_comment.liked_count IS 'Likes of the comment at captured_at.';
COMMENT ON COLUMN note_comment.reply_count IS 'Replies to it at captured_at, whether or not the answer carries them.';

-- Fields that no answer had before: what the provider, or the platform, has changed.
CREATE TABLE schema_drift (
    path            text        NOT NULL CHECK (char_length(path) <= 300),
    json_type       text        NOT NULL CHECK (json_type IN ('object', 'array', 'string', 'number', 'boolean', 'null')),
    state           text        NOT NULL DEFAULT 'NEW' CHECK (state IN ('NEW', 'BASELINE')),
    first_seen_at   timestamptz NOT NULL,
    example_note_id text        NOT NULL CHECK (example_note_id ~ '^[0-9a-f]{24}$'),
    PRIMARY KEY (path, json_type)
);

COMMENT ON TABLE schema_drift IS
    'Fields of answers that are neither in what is documented of them nor were seen before, once each. What is documented is not in here.';
COMMENT ON COLUMN schema_drift.path IS
    'Where it stands, such as note.images_list[].url_size_large: below note, the note itself; else from the outermost object. [] is each element of a list, * any name that looks like an id.';
COMMENT ON COLUMN schema_drift.json_type IS 'Of what JSON type its value is. A field that is documented with another type is in here, too.';
COMMENT ON COLUMN schema_drift.state IS 'NEW: reported by status. BASELINE: somebody has looked at it and set this; it is as it should be.';
COMMENT ON COLUMN schema_drift.first_seen_at IS 'The oldest answer that has it: note_capture.captured_at.';
COMMENT ON COLUMN schema_drift.example_note_id IS 'The note of that answer.';

-- What the other tables did not say yet.
COMMENT ON COLUMN worklist.enqueued_at IS 'When enqueue put it onto the worklist.';
COMMENT ON COLUMN api_call.id IS 'Numbered in the order of sending.';
COMMENT ON COLUMN api_call.note_id IS 'The note that was asked about.';
COMMENT ON COLUMN source_gate.id IS 'Numbered in the order of closing.';
COMMENT ON COLUMN source_gate.code IS 'The provider''s code that closed it: 303.';
COMMENT ON COLUMN source_gate.reason IS 'What was used up, for a person to read.';
COMMENT ON COLUMN source_gate.closed_at IS 'When the code was met.';
COMMENT ON COLUMN author.nickname IS 'The name that the app shows; note_capture.author_nickname has earlier ones.';
COMMENT ON COLUMN author.verified_type IS 'red_official_verify_type: 0, not verified; else what kind of person or company.';
COMMENT ON COLUMN note_topic.note_id IS 'The note that is filed under it.';
COMMENT ON COLUMN note_topic.ordinal IS 'From 0, in the order of the answer: hash_tag, then what only topics has.';
COMMENT ON COLUMN note_topic.topic_id IS 'The platform''s id of the topic. NULL: the answer does not say.';
COMMENT ON COLUMN note_topic.name IS 'Without the # before it; at most 500 characters.';
COMMENT ON COLUMN note_mention.note_id IS 'The note that names the person.';
COMMENT ON COLUMN note_mention.ordinal IS 'From 0, in the order of the answer.';
COMMENT ON COLUMN note_mention.user_id IS 'Whom it names, a user id. Not in author, unless that person wrote a note, too.';
COMMENT ON COLUMN note_mention.nickname IS 'What that person was called then.';
COMMENT ON COLUMN note_media.note_id IS 'The note that the file belongs to.';
COMMENT ON COLUMN note_media.sha256 IS 'The stored file: media_object.sha256. NULL unless STORED.';
COMMENT ON COLUMN note_media.updated_at IS 'When this row was last decided.';
COMMENT ON COLUMN media_object.size_bytes IS 'Length in bytes.';
COMMENT ON COLUMN media_object.stored_at IS 'When the object came into the store; after a rebuild, what the store itself says.';
COMMENT ON COLUMN fixity_finding.id IS 'Numbered in the order of finding.';
