package io.github.notearchive.archive.catalog;

import static io.github.notearchive.io.Timestamps.instant;
import static io.github.notearchive.io.Timestamps.timestamp;

import io.github.notearchive.archive.catalog.MediaCatalog.SlotRow;
import io.github.notearchive.archive.catalog.NoteDetail.Author;
import io.github.notearchive.archive.catalog.NoteDetail.Capture;
import io.github.notearchive.archive.catalog.NoteDetail.Comment;
import io.github.notearchive.archive.catalog.NoteDetail.Mention;
import io.github.notearchive.archive.catalog.NoteDetail.Note;
import io.github.notearchive.archive.catalog.NoteDetail.Topic;
import io.github.notearchive.archive.catalog.SchemaDrift.NewFields;
import io.github.notearchive.io.PostgresText;
import io.github.notearchive.note.MediaKind;
import io.github.notearchive.note.NoteCapture;
import io.github.notearchive.note.NoteId;
import java.sql.Timestamp;
import java.sql.Types;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Repository;
import tools.jackson.databind.JsonNode;

/** Reads and writes captured notes: current state, captures, topics, mentions and comments. */
@Repository
public class NoteCatalog {

    static final Columns<Note> NOTE = Columns.of(Note.class);
    static final Columns<Capture> CAPTURE = Columns.of(Capture.class);
    static final Columns<Author> AUTHOR = Columns.of(Author.class);
    static final Columns<Topic> TOPIC = Columns.of(Topic.class);
    static final Columns<Mention> MENTION = Columns.of(Mention.class);
    static final Columns<Comment> COMMENT = Columns.of(Comment.class);

    private static final NamedStatement SAVE_AUTHOR =
            NamedStatement.of("""
                    INSERT INTO author (%s, updated_at)
                    VALUES (%s, :capturedAt)
                    ON CONFLICT (author_id) DO UPDATE
                    SET %s, updated_at = EXCLUDED.updated_at
                    WHERE author.updated_at < EXCLUDED.updated_at
                    """.formatted(AUTHOR.each("?"), AUTHOR.each(":?"), AUTHOR.each("? = EXCLUDED.?")));

    private static final NamedStatement SAVE_NOTE =
            NamedStatement.of("""
                    INSERT INTO note (note_id, %s, mapper_version,
                                      first_captured_at, last_captured_at, archived_at)
                    VALUES (:noteId, %s, :mapperVersion, :capturedAt, :capturedAt, :archivedAt)
                    ON CONFLICT (note_id) DO UPDATE
                    SET %s, mapper_version = EXCLUDED.mapper_version,
                        last_captured_at = EXCLUDED.last_captured_at, archived_at = EXCLUDED.archived_at
                    WHERE note.last_captured_at <= EXCLUDED.last_captured_at
                    RETURNING xmax = 0
                    """.formatted(NOTE.each("?"), NOTE.each(":?"), NOTE.each("? = EXCLUDED.?")));

    private static final NamedStatement SAVE_CAPTURE =
            NamedStatement.of("""
                    INSERT INTO note_capture (note_id, captured_at, call_id, %s, mapper_version, response, sidecar_key)
                    VALUES (:noteId, :capturedAt, :callId, %s, :mapperVersion, :answer::jsonb, :sidecar)
                    ON CONFLICT (note_id, captured_at) DO UPDATE
                    SET %s, mapper_version = EXCLUDED.mapper_version, sidecar_key = EXCLUDED.sidecar_key
                    """.formatted(CAPTURE.each("?"), CAPTURE.each(":?"), CAPTURE.each("? = EXCLUDED.?")));

    private static final NamedStatement INSERT_TOPICS = insert("note_topic", TOPIC);
    private static final NamedStatement INSERT_MENTIONS = insert("note_mention", MENTION);

    private static final NamedStatement INSERT_COMMENTS =
            NamedStatement.of("""
                    INSERT INTO note_comment (note_id, captured_at, ordinal, %s)
                    SELECT :noteId, :capturedAt::timestamptz, nr - 1, %s FROM %s
                    """.formatted(COMMENT.each("?"), COMMENT.each("?"), COMMENT.table()));

    private final JdbcClient jdbc;
    private final MediaCatalog media;
    private final SchemaDrift drift;

    NoteCatalog(JdbcClient jdbc, MediaCatalog media, SchemaDrift drift) {
        this.jdbc = jdbc;
        this.media = media;
        this.drift = drift;
    }

    /** Inserts rows of a note in order. */
    private static NamedStatement insert(String table, Columns<?> columns) {
        return NamedStatement.of("""
                INSERT INTO %s (note_id, ordinal, %s) SELECT :noteId, nr - 1, %s FROM %s
                """.formatted(table, columns.each("?"), columns.each("?"), columns.table()));
    }

    /**
     * Writes a note's responses, the note according to its detail response, and its slots. Part of the caller's
     * transaction; idempotent. The sidecars are to be stored before.
     *
     * <p>A response older than the newest known one changes neither the note nor its files. A video response has its
     * own counts and lists the video files; the note itself follows the detail response, since the video response may
     * omit fields.
     */
    public void save(CapturedNote note, Instant now) {
        NoteCapture capture = note.capture();
        List<NewFields> newFields = new ArrayList<>();
        Saved saved = saveNote(capture, note.archivedAt(), newFields);
        media.objects(note.filesOf(capture), now).ifPresent(this::write);
        switch (saved) {
            case FIRST -> media.slots(capture, note.filesOf(capture)).ifPresent(this::write);
            case NEWEST -> media.saveSlots(capture, false, note.filesOf(capture));
            case OLD -> {}
        }
        NoteCapture video = note.video();
        if (video != null) {
            saveVideo(video, newFields);
            media.objects(note.filesOf(video), now).ifPresent(this::write);
            media.saveSlots(video, true, note.filesOf(video));
        }
        drift.record(newFields);
    }

    /**
     * Adds the statements of {@link #save} for a note without row and without video response, to be sent in one round
     * batch. The caller undoes them if a row existed, which a statement reports or fails on, and if its transaction
     * ends.
     */
    public First first(StatementBatch batch, CapturedNote note, Instant now) {
        NoteCapture capture = note.capture();
        JsonNode answer = capture.envelope();
        NoteDetail detail = NoteMapper.map(capture, answer);
        author(detail, capture.capturedAt()).ifPresent(batch::update);
        Supplier<List<Boolean>> isNew = batch.query(row(capture, detail, note.archivedAt()));
        batch.update(captureRow(capture, detail.capture(), NoteMapper.VERSION, answer));
        rows(capture, detail).forEach(batch::update);
        List<SlotRow> files = note.filesOf(capture);
        media.objects(files, now).ifPresent(batch::update);
        media.slots(capture, files).ifPresent(batch::update);
        return new First(isNew, drift.newFieldsIn(capture.id(), capture.capturedAt(), answer));
    }

    /** A note's first response, once its statements are executed. */
    public final class First {
        private final Supplier<List<Boolean>> isNew;
        private final NewFields newFields;

        private First(Supplier<List<Boolean>> isNew, NewFields newFields) {
            this.isNew = isNew;
            this.newFields = newFields;
        }

        /** Returns whether it was the first, so that its rows are final. */
        public boolean isTrue() {
            return isNew.get().equals(List.of(true));
        }

        /** Records new fields; has to be the last statement of the caller's transaction. */
        public void recordNewFields() {
            drift.record(List.of(newFields));
        }
    }

    private void write(BoundStatement statement) {
        statement.update(jdbc);
    }

    /**
     * Restores a response from its sidecar, with its files as found. Part of the caller's transaction; idempotent.
     * Sidecars of a note are restored in the order of their captures.
     *
     * @param archivedAt when the note became complete; null if it is not
     */
    public void restore(NoteCapture capture, List<SlotRow> files, @Nullable Instant archivedAt) {
        List<NewFields> newFields = new ArrayList<>();
        saveNote(capture, archivedAt, newFields);
        media.saveSlots(capture, false, files);
        drift.record(newFields);
    }

    /** As above, for the sidecar of a video response. */
    public void restoreVideo(NoteCapture video, List<SlotRow> files) {
        List<NewFields> newFields = new ArrayList<>();
        saveVideo(video, newFields);
        media.saveSlots(video, true, files);
        drift.record(newFields);
    }

    private Saved saveNote(NoteCapture capture, @Nullable Instant archivedAt, List<NewFields> newFields) {
        JsonNode answer = capture.envelope();
        NoteDetail detail = NoteMapper.map(capture, answer);
        author(detail, capture.capturedAt()).ifPresent(this::write);
        Saved saved = saveNote(capture, detail, archivedAt);
        write(captureRow(capture, detail.capture(), NoteMapper.VERSION, answer));
        switch (saved) {
            case FIRST -> rows(capture, detail).forEach(this::write); // no rows can exist
            case NEWEST -> {
                saveComments(capture.id(), capture.capturedAt(), detail.comments());
                saveTopics(capture.id(), detail.topics());
                saveMentions(capture.id(), detail.mentions());
            }
            case OLD -> saveComments(capture.id(), capture.capturedAt(), detail.comments());
        }
        newFields.add(drift.newFieldsIn(capture.id(), capture.capturedAt(), answer));
        return saved;
    }

    private void saveVideo(NoteCapture video, List<NewFields> newFields) {
        JsonNode answer = video.envelope();
        Capture counts = NoteMapper.map(video, answer).capture().countsOnly();
        write(captureRow(video, counts, null, answer));
        newFields.add(drift.newFieldsIn(video.id(), video.capturedAt(), answer));
    }

    /** Returns the platform's id of the author; empty if the response has none. */
    public static Optional<String> authorOf(NoteCapture capture) {
        return Optional.ofNullable(NoteMapper.author(capture.author())).map(Author::authorId);
    }

    private static Optional<BoundStatement> author(NoteDetail detail, Instant capturedAt) {
        return Optional.ofNullable(detail.author())
                .map(author ->
                        SAVE_AUTHOR.with(AUTHOR.parameters(author).addValue("capturedAt", Timestamp.from(capturedAt))));
    }

    /** Returns whether the note had no row; no result if the response is older than the row. */
    private static Query<Boolean> row(NoteCapture capture, NoteDetail detail, @Nullable Instant archivedAt) {
        return SAVE_NOTE
                .with(NOTE.parameters(detail.note())
                        .addValue("noteId", capture.id().value())
                        .addValue("mapperVersion", NoteMapper.VERSION)
                        .addValue("capturedAt", Timestamp.from(capture.capturedAt()))
                        .addValue("archivedAt", timestamp(archivedAt)))
                .as((row, _) -> row.getBoolean(1));
    }

    /** An older response only changes when the note was first known. */
    private Saved saveNote(NoteCapture capture, NoteDetail detail, @Nullable Instant archivedAt) {
        Query<Boolean> row = row(capture, detail, archivedAt);
        Optional<Boolean> isNew = row.execute(jdbc).optional();
        if (isNew.isEmpty()) {
            jdbc.sql("""
                            UPDATE note SET first_captured_at = :capturedAt
                            WHERE note_id = :noteId AND first_captured_at > :capturedAt
                            """).paramSource(row.statement().parameters()).update();
        }
        return isNew.map(first -> first ? Saved.FIRST : Saved.NEWEST).orElse(Saved.OLD);
    }

    /** Position of a response among those of its note. */
    private enum Saved {
        /** The note had no row before. */
        FIRST,
        NEWEST,
        OLD
    }

    /** @param mapperVersion null for a response of which only counts are kept */
    private static BoundStatement captureRow(
            NoteCapture capture, Capture columns, @Nullable Integer mapperVersion, JsonNode answer) {
        return SAVE_CAPTURE.with(CAPTURE.parameters(columns)
                .addValue("noteId", capture.id().value())
                .addValue("capturedAt", Timestamp.from(capture.capturedAt()))
                .addValue("callId", capture.callId())
                .addValue("mapperVersion", mapperVersion, Types.INTEGER)
                .addValue("answer", PostgresText.json(answer))
                .addValue(
                        "sidecar",
                        Sidecar.keyOf(capture.id(), capture.capturedAt()).value()));
    }

    /** Returns the statements of dependent rows, for a note without any. */
    private static List<BoundStatement> rows(NoteCapture capture, NoteDetail detail) {
        return Stream.of(
                        comments(capture.id(), capture.capturedAt(), detail.comments()),
                        topics(capture.id(), detail.topics()),
                        mentions(capture.id(), detail.mentions()))
                .flatMap(Optional::stream)
                .toList();
    }

    void saveTopics(NoteId id, List<Topic> topics) {
        jdbc.sql("DELETE FROM note_topic WHERE note_id = :noteId")
                .param("noteId", id.value())
                .update();
        topics(id, topics).ifPresent(this::write);
    }

    private static Optional<BoundStatement> topics(NoteId id, List<Topic> topics) {
        return insert(INSERT_TOPICS, TOPIC, topics, id, null);
    }

    void saveMentions(NoteId id, List<Mention> mentions) {
        jdbc.sql("DELETE FROM note_mention WHERE note_id = :noteId")
                .param("noteId", id.value())
                .update();
        mentions(id, mentions).ifPresent(this::write);
    }

    private static Optional<BoundStatement> mentions(NoteId id, List<Mention> mentions) {
        return insert(INSERT_MENTIONS, MENTION, mentions, id, null);
    }

    void saveComments(NoteId id, Instant capturedAt, List<Comment> comments) {
        jdbc.sql("DELETE FROM note_comment WHERE note_id = :noteId AND captured_at = :capturedAt")
                .param("noteId", id.value())
                .param("capturedAt", Timestamp.from(capturedAt))
                .update();
        comments(id, capturedAt, comments).ifPresent(this::write);
    }

    private static Optional<BoundStatement> comments(NoteId id, Instant capturedAt, List<Comment> comments) {
        return insert(INSERT_COMMENTS, COMMENT, comments, id, capturedAt);
    }

    /** Inserts rows in order; empty without rows. */
    private static <R extends Record> Optional<BoundStatement> insert(
            NamedStatement statement, Columns<R> columns, List<R> rows, NoteId id, @Nullable Instant capturedAt) {
        return rows.isEmpty()
                ? Optional.empty()
                : Optional.of(statement.with(columns.arrays(rows)
                        .addValue("noteId", id.value())
                        .addValue("capturedAt", timestamp(capturedAt))));
    }

    /** Returns the state of a response in the catalog; empty if it was never written to it. */
    public Optional<Taken> taken(NoteId id, Instant capturedAt) {
        return jdbc.sql("""
                        SELECT n.archived_at
                        FROM note_capture c JOIN note n USING (note_id)
                        WHERE c.note_id = :noteId AND c.captured_at = :capturedAt
                        """)
                .param("noteId", id.value())
                .param("capturedAt", Timestamp.from(capturedAt))
                .query((row, _) -> new Taken(instant(row.getTimestamp("archived_at"))))
                .optional();
    }

    /** Returns the call whose response lists a file; empty if there is no such file. */
    Optional<Long> callListing(NoteId id, MediaKind kind, int ordinal) {
        return jdbc.sql("""
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

    /** Returns the summary of a note; empty without a capture. */
    public Optional<NoteLine> find(NoteId id) {
        return jdbc.sql("""
                        SELECT n.title, n.note_type, a.nickname, n.published_at, n.first_captured_at, n.last_captured_at,
                               n.archived_at, (SELECT count(*) FROM note_capture c WHERE c.note_id = n.note_id) AS captures,
                               (SELECT c.sidecar_key FROM note_capture c WHERE c.note_id = n.note_id
                                ORDER BY c.captured_at DESC LIMIT 1) AS sidecar_key
                        FROM note n LEFT JOIN author a USING (author_id)
                        WHERE n.note_id = :noteId
                        """)
                .param("noteId", id.value())
                .query((row, _) -> new NoteLine(
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

    /**
     * A response in the catalog.
     *
     * @param archivedAt when its note became complete; null if it is not
     */
    public record Taken(@Nullable Instant archivedAt) {}

    /** Summary of a captured note. */
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
