package io.github.notearchive.catalog;

import io.github.notearchive.catalog.MediaCatalog.SlotRow;
import io.github.notearchive.catalog.NoteDetail.Author;
import io.github.notearchive.catalog.NoteDetail.Capture;
import io.github.notearchive.catalog.NoteDetail.Comment;
import io.github.notearchive.catalog.NoteDetail.Mention;
import io.github.notearchive.catalog.NoteDetail.Note;
import io.github.notearchive.catalog.NoteDetail.Topic;
import io.github.notearchive.catalog.SchemaDrift.Novelties;
import io.github.notearchive.note.MediaKind;
import io.github.notearchive.note.NoteCapture;
import io.github.notearchive.note.NoteId;
import java.sql.Timestamp;
import java.sql.Types;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.namedparam.MapSqlParameterSource;
import org.springframework.jdbc.core.namedparam.NamedParameterJdbcOperations;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Repository;
import tools.jackson.databind.JsonNode;

/**
 * The notes as captured: what each is now, what it was at every capture, and who and what stands in
 * it.
 */
@Repository
public class NoteCatalog {

    static final Columns<Note> NOTE = Columns.of(Note.class);
    static final Columns<Capture> CAPTURE = Columns.of(Capture.class);
    static final Columns<Author> AUTHOR = Columns.of(Author.class);
    static final Columns<Topic> TOPIC = Columns.of(Topic.class);
    static final Columns<Mention> MENTION = Columns.of(Mention.class);
    static final Columns<Comment> COMMENT = Columns.of(Comment.class);

    private static final String SAVE_AUTHOR =
            """
            INSERT INTO author (%s, updated_at)
            VALUES (%s, :capturedAt)
            ON CONFLICT (author_id) DO UPDATE
            SET %s, updated_at = EXCLUDED.updated_at
            WHERE author.updated_at < EXCLUDED.updated_at
            """
                    .formatted(AUTHOR.each("?"), AUTHOR.each(":?"), AUTHOR.each("? = EXCLUDED.?"));

    private static final String SAVE_NOTE =
            """
            INSERT INTO note (note_id, %s, mapper_version,
                              first_captured_at, last_captured_at, archived_at)
            VALUES (:noteId, %s, :mapperVersion, :capturedAt, :capturedAt, :archivedAt)
            ON CONFLICT (note_id) DO UPDATE
            SET %s, mapper_version = EXCLUDED.mapper_version,
                last_captured_at = EXCLUDED.last_captured_at, archived_at = EXCLUDED.archived_at
            WHERE note.last_captured_at <= EXCLUDED.last_captured_at
            RETURNING xmax = 0
            """
                    .formatted(NOTE.each("?"), NOTE.each(":?"), NOTE.each("? = EXCLUDED.?"));

    private static final String SAVE_CAPTURE =
            """
            INSERT INTO note_capture (note_id, captured_at, call_id, %s, mapper_version, answer, sidecar_key)
            VALUES (:noteId, :capturedAt, :callId, %s, :mapperVersion, :answer::jsonb, :sidecar)
            ON CONFLICT (note_id, captured_at) DO UPDATE
            SET %s, mapper_version = EXCLUDED.mapper_version, sidecar_key = EXCLUDED.sidecar_key
            """
                    .formatted(
                            CAPTURE.each("?"), CAPTURE.each(":?"), CAPTURE.each("? = EXCLUDED.?"));

    private final JdbcClient jdbc;
    private final NamedParameterJdbcOperations batches;
    private final MediaCatalog media;
    private final SchemaDrift drift;

    NoteCatalog(
            JdbcClient jdbc,
            NamedParameterJdbcOperations batches,
            MediaCatalog media,
            SchemaDrift drift) {
        this.jdbc = jdbc;
        this.batches = batches;
        this.media = media;
        this.drift = drift;
    }

    /**
     * Writes a note's answers, the note as that about it shows it, and the state of its files. Part
     * of the caller's transaction; a repeat adds nothing. Their sidecars are to be stored before.
     *
     * <p>An older answer than the newest known does not change the note or its files. One that was
     * bought for its video has counts of its own and lists the files of the video; the note itself
     * stays as the answer about it shows it, since that of the video may leave out what this one
     * says.
     */
    public void save(CapturedNote note, Instant now) {
        NoteCapture capture = note.capture();
        List<Novelties> novelties = new ArrayList<>();
        Saved saved = saveNote(capture, note.archivedAt(), novelties);
        media.saveObjects(note.filesOf(capture), now);
        switch (saved) {
            case FIRST -> media.insertSlots(capture, note.filesOf(capture));
            case NEWEST -> media.saveSlots(capture, false, note.filesOf(capture));
            case OLD -> {}
        }
        NoteCapture video = note.video();
        if (video != null) {
            saveVideo(video, novelties);
            media.saveObjects(note.filesOf(video), now);
            media.saveSlots(video, true, note.filesOf(video));
        }
        drift.record(novelties);
    }

    /**
     * Writes what the sidecar of an answer about a note tells, its files as they were found. Part
     * of the caller's transaction; a repeat changes nothing. The sidecars of a note are to come in
     * the order of their captures.
     *
     * @param archivedAt since when the note is complete; null when it is not
     */
    public void restore(NoteCapture capture, List<SlotRow> files, @Nullable Instant archivedAt) {
        List<Novelties> novelties = new ArrayList<>();
        saveNote(capture, archivedAt, novelties);
        media.saveSlots(capture, false, files);
        drift.record(novelties);
    }

    /** The same for the sidecar of an answer that was bought for the note's video. */
    public void restoreVideo(NoteCapture video, List<SlotRow> files) {
        List<Novelties> novelties = new ArrayList<>();
        saveVideo(video, novelties);
        media.saveSlots(video, true, files);
        drift.record(novelties);
    }

    private Saved saveNote(
            NoteCapture capture, @Nullable Instant archivedAt, List<Novelties> novelties) {
        JsonNode answer = capture.envelope();
        NoteDetail detail = NoteMapper.map(capture, answer);
        if (detail.author() != null) {
            saveAuthor(detail.author(), capture.capturedAt());
        }
        Saved saved = saveNote(capture, detail, archivedAt);
        saveCapture(capture, detail.capture(), NoteMapper.VERSION, answer);
        switch (saved) {
            case FIRST -> {
                // nothing can be there that is to go
                insertComments(capture.id(), capture.capturedAt(), detail.comments());
                insertTopics(capture.id(), detail.topics());
                insertMentions(capture.id(), detail.mentions());
            }
            case NEWEST -> {
                saveComments(capture.id(), capture.capturedAt(), detail.comments());
                saveTopics(capture.id(), detail.topics());
                saveMentions(capture.id(), detail.mentions());
            }
            case OLD -> saveComments(capture.id(), capture.capturedAt(), detail.comments());
        }
        novelties.add(drift.noveltiesIn(capture.id(), capture.capturedAt(), answer));
        return saved;
    }

    private void saveVideo(NoteCapture video, List<Novelties> novelties) {
        JsonNode answer = video.envelope();
        Capture counts = NoteMapper.map(video, answer).capture().countsOnly();
        saveCapture(video, counts, null, answer);
        novelties.add(drift.noveltiesIn(video.id(), video.capturedAt(), answer));
    }

    /** The platform's id of whoever wrote a note; empty when the answer does not say. */
    public static Optional<String> authorOf(NoteCapture capture) {
        return Optional.ofNullable(NoteMapper.author(capture.author())).map(Author::authorId);
    }

    private void saveAuthor(Author author, Instant capturedAt) {
        jdbc.sql(SAVE_AUTHOR)
                .paramSource(
                        AUTHOR.parameters(author)
                                .addValue("capturedAt", Timestamp.from(capturedAt)))
                .update();
    }

    /** An answer that is older than one that was written before says only since when. */
    private Saved saveNote(NoteCapture capture, NoteDetail detail, @Nullable Instant archivedAt) {
        MapSqlParameterSource row =
                NOTE.parameters(detail.note())
                        .addValue("noteId", capture.id().value())
                        .addValue("mapperVersion", NoteMapper.VERSION)
                        .addValue("capturedAt", Timestamp.from(capture.capturedAt()))
                        .addValue("archivedAt", timestamp(archivedAt));
        Optional<Boolean> isNew =
                jdbc.sql(SAVE_NOTE).paramSource(row).query(Boolean.class).optional();
        if (isNew.isEmpty()) {
            jdbc.sql(
                            """
                            UPDATE note SET first_captured_at = :capturedAt
                            WHERE note_id = :noteId AND first_captured_at > :capturedAt
                            """)
                    .paramSource(row)
                    .update();
        }
        return isNew.map(first -> first ? Saved.FIRST : Saved.NEWEST).orElse(Saved.OLD);
    }

    /** How an answer stands among those of its note. */
    private enum Saved {
        /** There was no row of the note before. */
        FIRST,
        NEWEST,
        OLD
    }

    /**
     * @param mapperVersion null for an answer of which only the counts are kept
     */
    private void saveCapture(
            NoteCapture capture,
            Capture columns,
            @Nullable Integer mapperVersion,
            JsonNode answer) {
        jdbc.sql(SAVE_CAPTURE)
                .paramSource(
                        CAPTURE.parameters(columns)
                                .addValue("noteId", capture.id().value())
                                .addValue("capturedAt", Timestamp.from(capture.capturedAt()))
                                .addValue("callId", capture.callId())
                                .addValue("mapperVersion", mapperVersion, Types.INTEGER)
                                .addValue("answer", StorableText.json(answer))
                                .addValue(
                                        "sidecar",
                                        Sidecar.keyOf(capture.id(), capture.capturedAt()).value()))
                .update();
    }

    void saveTopics(NoteId id, List<Topic> topics) {
        jdbc.sql("DELETE FROM note_topic WHERE note_id = :noteId")
                .param("noteId", id.value())
                .update();
        insertTopics(id, topics);
    }

    private void insertTopics(NoteId id, List<Topic> topics) {
        insert(
                """
                INSERT INTO note_topic (note_id, ordinal, topic_id, name, topic_type)
                VALUES (:noteId, :ordinal, :topic_id, :name, :topic_type)
                """,
                TOPIC,
                topics,
                id,
                null);
    }

    void saveMentions(NoteId id, List<Mention> mentions) {
        jdbc.sql("DELETE FROM note_mention WHERE note_id = :noteId")
                .param("noteId", id.value())
                .update();
        insertMentions(id, mentions);
    }

    private void insertMentions(NoteId id, List<Mention> mentions) {
        insert(
                """
                INSERT INTO note_mention (note_id, ordinal, user_id, nickname)
                VALUES (:noteId, :ordinal, :user_id, :nickname)
                """,
                MENTION,
                mentions,
                id,
                null);
    }

    void saveComments(NoteId id, Instant capturedAt, List<Comment> comments) {
        jdbc.sql("DELETE FROM note_comment WHERE note_id = :noteId AND captured_at = :capturedAt")
                .param("noteId", id.value())
                .param("capturedAt", Timestamp.from(capturedAt))
                .update();
        insertComments(id, capturedAt, comments);
    }

    private void insertComments(NoteId id, Instant capturedAt, List<Comment> comments) {
        insert(
                """
                INSERT INTO note_comment (note_id, captured_at, ordinal, comment_id, parent_id, author_id,
                                          author_nickname, comment_text, written_at, place, liked_count, reply_count)
                VALUES (:noteId, :capturedAt, :ordinal, :comment_id, :parent_id, :author_id,
                        :author_nickname, :comment_text, :written_at, :place, :liked_count, :reply_count)
                """,
                COMMENT,
                comments,
                id,
                capturedAt);
    }

    /** Inserts rows in their order. */
    private <R extends Record> void insert(
            String sql, Columns<R> columns, List<R> rows, NoteId id, @Nullable Instant capturedAt) {
        if (rows.isEmpty()) {
            return;
        }
        MapSqlParameterSource[] parameters = new MapSqlParameterSource[rows.size()];
        for (int i = 0; i < parameters.length; i++) {
            parameters[i] =
                    columns.parameters(rows.get(i))
                            .addValue("noteId", id.value())
                            .addValue("capturedAt", timestamp(capturedAt))
                            .addValue("ordinal", i);
        }
        batches.batchUpdate(sql, parameters);
    }

    /** How this answer stands in the catalog; empty when it was never taken in. */
    public Optional<Taken> taken(NoteId id, Instant capturedAt) {
        return jdbc.sql(
                        """
                        SELECT n.archived_at
                        FROM note_capture c JOIN note n USING (note_id)
                        WHERE c.note_id = :noteId AND c.captured_at = :capturedAt
                        """)
                .param("noteId", id.value())
                .param("capturedAt", Timestamp.from(capturedAt))
                .query((row, _) -> new Taken(instant(row.getTimestamp("archived_at"))))
                .optional();
    }

    /** The call whose answer lists a file of a note; empty when there is no such file. */
    public Optional<Long> callListing(NoteId id, MediaKind kind, int ordinal) {
        return jdbc.sql(
                        """
                        SELECT c.call_id
                        FROM note_media m JOIN note_capture c USING (note_id, captured_at)
                        WHERE m.note_id = :noteId AND m.kind = :kind AND m.ordinal = :ordinal
                        """)
                .param("noteId", id.value())
                .param("kind", kind.name())
                .param("ordinal", ordinal)
                .query(Long.class)
                .optional();
    }

    /** What a person wants to see of a note first; empty when it was never captured. */
    public Optional<NoteLine> find(NoteId id) {
        return jdbc.sql(
                        """
                        SELECT n.title, n.note_type, a.nickname, n.published_at, n.first_captured_at, n.last_captured_at,
                               n.archived_at, (SELECT count(*) FROM note_capture c WHERE c.note_id = n.note_id) AS captures,
                               (SELECT c.sidecar_key FROM note_capture c WHERE c.note_id = n.note_id
                                ORDER BY c.captured_at DESC LIMIT 1) AS sidecar_key
                        FROM note n LEFT JOIN author a USING (author_id)
                        WHERE n.note_id = :noteId
                        """)
                .param("noteId", id.value())
                .query(
                        (row, _) ->
                                new NoteLine(
                                        row.getString("title"),
                                        row.getString("note_type"),
                                        row.getString("nickname"),
                                        instant(row.getTimestamp("published_at")),
                                        row.getTimestamp("first_captured_at").toInstant(),
                                        row.getTimestamp("last_captured_at").toInstant(),
                                        instant(row.getTimestamp("archived_at")),
                                        row.getInt("captures"),
                                        row.getString("sidecar_key")))
                .optional();
    }

    private static @Nullable Timestamp timestamp(@Nullable Instant instant) {
        return instant == null ? null : Timestamp.from(instant);
    }

    private static @Nullable Instant instant(@Nullable Timestamp timestamp) {
        return timestamp == null ? null : timestamp.toInstant();
    }

    /**
     * An answer that was taken in.
     *
     * @param archivedAt since when its note is complete; null when it is not
     */
    public record Taken(@Nullable Instant archivedAt) {}

    /** A captured note in one line. */
    public record NoteLine(
            @Nullable String title,
            @Nullable String type,
            @Nullable String author,
            @Nullable Instant publishedAt,
            Instant firstCapturedAt,
            Instant lastCapturedAt,
            @Nullable Instant archivedAt,
            int captures,
            @Nullable String sidecarKey) {}
}
