package io.github.notearchive.archive.catalog;

import static io.github.notearchive.io.Timestamps.timestamp;

import io.github.notearchive.archive.catalog.NamedStatement.BoundStatement;
import io.github.notearchive.archive.catalog.NamedStatement.Query;
import io.github.notearchive.archive.catalog.NoteDetail.Author;
import io.github.notearchive.archive.catalog.NoteDetail.Capture;
import io.github.notearchive.archive.catalog.NoteDetail.Note;
import io.github.notearchive.archive.catalog.SchemaDrift.NewFields;
import io.github.notearchive.io.PostgresText;
import io.github.notearchive.note.MediaKind;
import io.github.notearchive.note.NoteCapture;
import io.github.notearchive.note.NoteId;
import io.github.notearchive.store.ObjectKey;
import java.sql.Timestamp;
import java.sql.Types;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.namedparam.MapSqlParameterSource;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Repository;
import tools.jackson.databind.JsonNode;

/** Reads and writes captured notes: current state, captures, topics, mentions and comments. */
@Repository
public class NoteCatalog {

    static final Columns<Note> NOTE = Columns.of(Note.class);
    static final Columns<Capture> CAPTURE = Columns.of(Capture.class);
    static final Columns<Author> AUTHOR = Columns.of(Author.class);

    private static final NamedStatement SAVE_AUTHOR =
            NamedStatement.of("""
                    INSERT INTO author (%1$s, updated_at)
                    SELECT %1$s, :capturedAt::timestamptz FROM json_populate_record(NULL::author, :author::json)
                    ON CONFLICT (author_id) DO UPDATE SET %2$s, updated_at = EXCLUDED.updated_at
                    WHERE author.updated_at < EXCLUDED.updated_at
                    """.formatted(AUTHOR.each("?"), AUTHOR.each("? = EXCLUDED.?")));

    private static final NamedStatement SAVE_NOTE =
            NamedStatement.of("""
                    INSERT INTO note (note_id, %1$s, mapper_version, first_captured_at, last_captured_at, archived_at)
                    SELECT :noteId, %1$s, :mapperVersion,
                           :capturedAt::timestamptz, :capturedAt::timestamptz, :archivedAt::timestamptz
                    FROM json_populate_record(NULL::note, :note::json)
                    ON CONFLICT (note_id) DO UPDATE
                    SET %2$s, mapper_version = EXCLUDED.mapper_version,
                        last_captured_at = EXCLUDED.last_captured_at, archived_at = EXCLUDED.archived_at
                    WHERE note.last_captured_at <= EXCLUDED.last_captured_at
                    RETURNING xmax = 0
                    """.formatted(NOTE.each("?"), NOTE.each("? = EXCLUDED.?")));

    private static final NamedStatement SAVE_CAPTURE =
            NamedStatement.of("""
                    INSERT INTO note_capture (note_id, captured_at, call_id, %1$s, mapper_version, response, sidecar_key)
                    SELECT :noteId, :capturedAt::timestamptz, :callId, %1$s, :mapperVersion::integer, :answer::jsonb, :sidecar
                    FROM json_populate_record(NULL::note_capture, :capture::json)
                    ON CONFLICT (note_id, captured_at) DO UPDATE
                    SET %2$s, mapper_version = EXCLUDED.mapper_version, sidecar_key = EXCLUDED.sidecar_key
                    """.formatted(CAPTURE.each("?"), CAPTURE.each("? = EXCLUDED.?")));

    private final JdbcClient jdbc;
    private final MediaCatalog media;
    private final SchemaDrift drift;

    NoteCatalog(JdbcClient jdbc, MediaCatalog media, SchemaDrift drift) {
        this.jdbc = jdbc;
        this.media = media;
        this.drift = drift;
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
        Mapped mapped = Mapped.of(capture);
        boolean isNewest = saveNote(mapped, note.archivedAt());
        media.objects(note.filesOf(capture), now).ifPresent(this::write);
        if (isNewest) {
            media.saveSlots(capture, false, note.filesOf(capture));
        }
        List<NewFields> newFields = new ArrayList<>(List.of(newFields(mapped)));
        NoteCapture video = note.video();
        if (video != null) {
            newFields.add(saveVideo(video));
            media.objects(note.filesOf(video), now).ifPresent(this::write);
            media.saveSlots(video, true, note.filesOf(video));
        }
        drift.record(newFields);
    }

    /**
     * Adds the statements of {@link #save} for a note without row and without video response. The caller undoes them if
     * a row existed, which a statement reports or fails on.
     */
    First first(StatementBatch batch, CapturedNote note, Instant now) {
        Mapped mapped = Mapped.of(note.capture());
        mapped.author().ifPresent(batch::update);
        Supplier<List<Boolean>> isNew = batch.query(mapped.note(note.archivedAt()));
        batch.update(mapped.captureRow());
        mapped.parts().forEach(batch::update);
        List<SlotRow> files = note.filesOf(note.capture());
        media.objects(files, now).ifPresent(batch::update);
        media.slots(note.capture(), files).ifPresent(batch::update);
        return new First(isNew, newFields(mapped));
    }

    /** A note's first response, once its statements are executed. */
    record First(Supplier<List<Boolean>> isNew, NewFields newFields) {

        /** Returns whether it was the first, so that its rows are final. */
        boolean isTrue() {
            return isNew.get().equals(List.of(true));
        }
    }

    /** Records the new fields of a first response; has to be the last statement of the caller's transaction. */
    void recordNewFields(First first) {
        drift.record(List.of(first.newFields()));
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
        Mapped mapped = Mapped.of(capture);
        saveNote(mapped, archivedAt);
        media.saveSlots(capture, false, files);
        drift.record(List.of(newFields(mapped)));
    }

    /** As above, for the sidecar of a video response. */
    public void restoreVideo(NoteCapture video, List<SlotRow> files) {
        NewFields newFields = saveVideo(video);
        media.saveSlots(video, true, files);
        drift.record(List.of(newFields));
    }

    /** Returns whether the response is the newest; an older one only changes when the note was first known. */
    private boolean saveNote(Mapped mapped, @Nullable Instant archivedAt) {
        NoteCapture capture = mapped.capture();
        mapped.author().ifPresent(this::write);
        Query<Boolean> note = mapped.note(archivedAt);
        boolean isNewest = note.execute(jdbc).optional().isPresent();
        if (!isNewest) {
            jdbc.sql("""
                            UPDATE note SET first_captured_at = :capturedAt
                            WHERE note_id = :noteId AND first_captured_at > :capturedAt
                            """).paramSource(note.bound().parameters()).update();
        }
        write(mapped.captureRow());
        for (NoteParts part : NoteParts.values()) {
            if (isNewest || part.ofCapture) {
                part.replace(jdbc, capture.id(), capture.capturedAt(), mapped.detail());
            }
        }
        return isNewest;
    }

    private NewFields saveVideo(NoteCapture video) {
        Mapped mapped = Mapped.of(video);
        write(mapped.captureRow(mapped.detail().capture().countsOnly(), null));
        return newFields(mapped);
    }

    private NewFields newFields(Mapped mapped) {
        return drift.newFieldsIn(mapped.capture().id(), mapped.capture().capturedAt(), mapped.response());
    }

    /** Returns the platform's id of the author; empty if the response has none. */
    public static Optional<String> authorOf(NoteCapture capture) {
        return Optional.ofNullable(NoteMapper.author(capture.author())).map(Author::authorId);
    }

    /** A response with its columns, and the statements that write them. */
    private record Mapped(NoteCapture capture, JsonNode response, NoteDetail detail) {

        static Mapped of(NoteCapture capture) {
            JsonNode response = capture.envelope();
            return new Mapped(capture, response, NoteMapper.map(capture, response));
        }

        private MapSqlParameterSource key(@Nullable Integer mapperVersion) {
            return new MapSqlParameterSource("noteId", capture.id().value())
                    .addValue("capturedAt", Timestamp.from(capture.capturedAt()))
                    .addValue("mapperVersion", mapperVersion, Types.INTEGER);
        }

        Optional<BoundStatement> author() {
            return Optional.ofNullable(detail.author())
                    .map(author -> SAVE_AUTHOR.with(key(null).addValue("author", Columns.json(author))));
        }

        /** Returns whether the note had no row; no result if the response is older than the row. */
        Query<Boolean> note(@Nullable Instant archivedAt) {
            return SAVE_NOTE
                    .with(key(NoteMapper.VERSION)
                            .addValue("archivedAt", timestamp(archivedAt), Types.TIMESTAMP)
                            .addValue("note", Columns.json(detail.note())))
                    .as((row, _) -> row.getBoolean(1));
        }

        BoundStatement captureRow() {
            return captureRow(detail.capture(), NoteMapper.VERSION);
        }

        /** @param mapperVersion null for a response of which only counts are kept */
        BoundStatement captureRow(Capture columns, @Nullable Integer mapperVersion) {
            ObjectKey sidecar = Sidecar.keyOf(capture.id(), capture.capturedAt());
            return SAVE_CAPTURE.with(key(mapperVersion)
                    .addValue("callId", capture.callId())
                    .addValue("capture", Columns.json(columns))
                    .addValue("answer", PostgresText.json(response))
                    .addValue("sidecar", sidecar.value()));
        }

        /** Returns the statements of dependent rows, for a note without any. */
        List<BoundStatement> parts() {
            return Arrays.stream(NoteParts.values())
                    .flatMap(part -> part.insert(capture.id(), capture.capturedAt(), detail).stream())
                    .toList();
        }
    }

    /** Returns the state of a response in the catalog; empty if it was never written to it. */
    public Optional<Taken> taken(NoteId id, Instant capturedAt) {
        return jdbc.sql("""
                        SELECT n.archived_at
                        FROM note_capture c JOIN note n USING (note_id)
                        WHERE c.note_id = :noteId AND c.captured_at = :capturedAt
                        """)
                .params(Map.of("noteId", id.value(), "capturedAt", Timestamp.from(capturedAt)))
                .query(Columns.of(Taken.class))
                .optional();
    }

    /** Returns the call whose response lists a file; empty if there is no such file. */
    Optional<Long> callListing(NoteId id, MediaKind kind, int ordinal) {
        return jdbc.sql("""
                        SELECT c.call_id
                        FROM note_media m JOIN note_capture c USING (note_id, captured_at)
                        WHERE m.note_id = :noteId AND m.kind = :kind AND m.ordinal = :ordinal
                        """)
                .params(Map.of("noteId", id.value(), "kind", kind.name(), "ordinal", ordinal))
                .query(Long.class)
                .optional();
    }

    /** Returns the summary of a note; empty without a capture. */
    public Optional<NoteLine> find(NoteId id) {
        return jdbc.sql("""
                        SELECT n.title, n.note_type AS type, a.nickname AS author, n.published_at, n.first_captured_at, n.last_captured_at,
                               n.archived_at, (SELECT count(*)::integer FROM note_capture c WHERE c.note_id = n.note_id) AS captures,
                               (SELECT c.sidecar_key FROM note_capture c WHERE c.note_id = n.note_id
                                ORDER BY c.captured_at DESC LIMIT 1) AS sidecar_key
                        FROM note n LEFT JOIN author a USING (author_id)
                        WHERE n.note_id = :noteId
                        """)
                .param("noteId", id.value())
                .query(Columns.of(NoteLine.class))
                .optional();
    }

    /** A response in the catalog, and when its note became complete; null if it is not. */
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
