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
import io.github.notearchive.archive.catalog.SchemaDrift.Novelties;
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

/** The notes as captured: what each is now, what it was at every capture, and who and what stands in it. */
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

    /** Rows of a note in their order. */
    private static NamedStatement insert(String table, Columns<?> columns) {
        return NamedStatement.of("""
                INSERT INTO %s (note_id, ordinal, %s) SELECT :noteId, nr - 1, %s FROM %s
                """.formatted(table, columns.each("?"), columns.each("?"), columns.table()));
    }

    /**
     * Writes a note's answers, the note as that about it shows it, and the state of its files. Part of the caller's
     * transaction; a repeat adds nothing. Their sidecars are to be stored before.
     *
     * <p>An older answer than the newest known does not change the note or its files. One that was bought for its video
     * has counts of its own and lists the files of the video; the note itself stays as the answer about it shows it,
     * since that of the video may leave out what this one says.
     */
    public void save(CapturedNote note, Instant now) {
        NoteCapture capture = note.capture();
        List<Novelties> novelties = new ArrayList<>();
        Saved saved = saveNote(capture, note.archivedAt(), novelties);
        media.objects(note.filesOf(capture), now).ifPresent(this::write);
        switch (saved) {
            case FIRST -> media.slots(capture, note.filesOf(capture)).ifPresent(this::write);
            case NEWEST -> media.saveSlots(capture, false, note.filesOf(capture));
            case OLD -> {}
        }
        NoteCapture video = note.video();
        if (video != null) {
            saveVideo(video, novelties);
            media.objects(note.filesOf(video), now).ifPresent(this::write);
            media.saveSlots(video, true, note.filesOf(video));
        }
        drift.record(novelties);
    }

    /**
     * What {@link #save} writes of a note that has no row yet and no answer for its video, to be sent in one round
     * trip. It is to be undone when there was a row, which the statements say or stumble over, and when the caller's
     * transaction does not go on.
     */
    public First first(StatementBatch trip, CapturedNote note, Instant now) {
        NoteCapture capture = note.capture();
        JsonNode answer = capture.envelope();
        NoteDetail detail = NoteMapper.map(capture, answer);
        author(detail, capture.capturedAt()).ifPresent(trip::update);
        Supplier<List<Boolean>> isNew = trip.ask(row(capture, detail, note.archivedAt()));
        trip.update(captureRow(capture, detail.capture(), NoteMapper.VERSION, answer));
        rows(capture, detail).forEach(trip::update);
        List<SlotRow> files = note.filesOf(capture);
        media.objects(files, now).ifPresent(trip::update);
        media.slots(capture, files).ifPresent(trip::update);
        return new First(isNew, drift.noveltiesIn(capture.id(), capture.capturedAt(), answer));
    }

    /** A note's first answer, once it is written. */
    public final class First {
        private final Supplier<List<Boolean>> isNew;
        private final Novelties novelties;

        private First(Supplier<List<Boolean>> isNew, Novelties novelties) {
            this.isNew = isNew;
            this.novelties = novelties;
        }

        /** Whether it was the first, so that its rows are as they are to be. */
        public boolean isTrue() {
            return isNew.get().equals(List.of(true));
        }

        /** Records fields that are new, which is to be the last of the caller's transaction. */
        public void recordNovelties() {
            drift.record(List.of(novelties));
        }
    }

    private void write(BoundStatement statement) {
        statement.update(jdbc);
    }

    /**
     * Writes what the sidecar of an answer about a note tells, its files as they were found. Part of the caller's
     * transaction; a repeat changes nothing. The sidecars of a note are to come in the order of their captures.
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

    private Saved saveNote(NoteCapture capture, @Nullable Instant archivedAt, List<Novelties> novelties) {
        JsonNode answer = capture.envelope();
        NoteDetail detail = NoteMapper.map(capture, answer);
        author(detail, capture.capturedAt()).ifPresent(this::write);
        Saved saved = saveNote(capture, detail, archivedAt);
        write(captureRow(capture, detail.capture(), NoteMapper.VERSION, answer));
        switch (saved) {
            case FIRST -> rows(capture, detail).forEach(this::write); // nothing can be there
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
        write(captureRow(video, counts, null, answer));
        novelties.add(drift.noveltiesIn(video.id(), video.capturedAt(), answer));
    }

    /** The platform's id of whoever wrote a note; empty when the answer does not say. */
    public static Optional<String> authorOf(NoteCapture capture) {
        return Optional.ofNullable(NoteMapper.author(capture.author())).map(Author::authorId);
    }

    private static Optional<BoundStatement> author(NoteDetail detail, Instant capturedAt) {
        return Optional.ofNullable(detail.author())
                .map(author ->
                        SAVE_AUTHOR.with(AUTHOR.parameters(author).addValue("capturedAt", Timestamp.from(capturedAt))));
    }

    /** Returns whether there was no row of the note; nothing when it is older than the row. */
    private static Query<Boolean> row(NoteCapture capture, NoteDetail detail, @Nullable Instant archivedAt) {
        return SAVE_NOTE
                .with(NOTE.parameters(detail.note())
                        .addValue("noteId", capture.id().value())
                        .addValue("mapperVersion", NoteMapper.VERSION)
                        .addValue("capturedAt", Timestamp.from(capture.capturedAt()))
                        .addValue("archivedAt", timestamp(archivedAt)))
                .as((row, _) -> row.getBoolean(1));
    }

    /** An answer that is older than one that was written before says only since when. */
    private Saved saveNote(NoteCapture capture, NoteDetail detail, @Nullable Instant archivedAt) {
        Query<Boolean> row = row(capture, detail, archivedAt);
        Optional<Boolean> isNew = row.ask(jdbc).optional();
        if (isNew.isEmpty()) {
            jdbc.sql("""
                            UPDATE note SET first_captured_at = :capturedAt
                            WHERE note_id = :noteId AND first_captured_at > :capturedAt
                            """).paramSource(row.statement().parameters()).update();
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

    /** @param mapperVersion null for an answer of which only the counts are kept */
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

    /** What stands in a note and has rows of its own, for a note that has none of them. */
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

    /** Inserts rows in their order; empty when there are none. */
    private static <R extends Record> Optional<BoundStatement> insert(
            NamedStatement statement, Columns<R> columns, List<R> rows, NoteId id, @Nullable Instant capturedAt) {
        return rows.isEmpty()
                ? Optional.empty()
                : Optional.of(statement.with(columns.arrays(rows)
                        .addValue("noteId", id.value())
                        .addValue("capturedAt", timestamp(capturedAt))));
    }

    /** How this answer stands in the catalog; empty when it was never taken in. */
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

    /** The call whose answer lists a file of a note; empty when there is no such file. */
    public Optional<Long> callListing(NoteId id, MediaKind kind, int ordinal) {
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

    /** What a person wants to see of a note first; empty when it was never captured. */
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
