package io.github.notearchive.archive.catalog;

import com.fasterxml.jackson.annotation.JsonIgnore;
import com.fasterxml.jackson.annotation.JsonUnwrapped;
import io.github.notearchive.archive.catalog.MediaCatalog.ListedSlot;
import io.github.notearchive.archive.catalog.MediaCatalog.ObjectRow;
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
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.springframework.dao.DuplicateKeyException;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Repository;

/** Reads and writes captured notes: current state, captures, topics, mentions and comments. */
@Repository
public record NoteCatalog(JdbcClient jdbc, MediaCatalog media, SchemaDrift drift) {

    static final Columns<Note> NOTE = Columns.of(Note.class);
    static final Columns<Capture> CAPTURE = Columns.of(Capture.class);
    static final Columns<Author> AUTHOR = Columns.of(Author.class);

    /** Rows are locked in one order, so that two groups of notes with the same authors do not deadlock. */
    private static final String SAVE_AUTHORS = """
            INSERT INTO author (%1$s, updated_at)
            SELECT %1$s, updated_at FROM json_populate_recordset(NULL::author, :rows::json)
            ORDER BY author_id
            ON CONFLICT (author_id) DO UPDATE SET %2$s, updated_at = EXCLUDED.updated_at
            WHERE author.updated_at < EXCLUDED.updated_at
            """.formatted(AUTHOR.each("?"), AUTHOR.each("? = EXCLUDED.?"));

    private static final String INSERT_NOTES = """
            INSERT INTO note (note_id, %1$s, mapper_version, first_captured_at, last_captured_at, archived_at)
            SELECT note_id, %1$s, mapper_version, first_captured_at, last_captured_at, archived_at
            FROM json_populate_recordset(NULL::note, :rows::json)
            """.formatted(NOTE.each("?"));

    private static final String SAVE_NOTE = INSERT_NOTES + """
            ON CONFLICT (note_id) DO UPDATE
            SET %s, mapper_version = EXCLUDED.mapper_version,
                last_captured_at = EXCLUDED.last_captured_at, archived_at = EXCLUDED.archived_at
            WHERE note.last_captured_at <= EXCLUDED.last_captured_at
            """.formatted(NOTE.each("? = EXCLUDED.?"));

    private static final String SAVE_CAPTURES = """
            INSERT INTO note_capture (note_id, captured_at, call_id, %1$s, mapper_version, response, sidecar_key)
            SELECT note_id, captured_at, call_id, %1$s, mapper_version, d.unnest::jsonb, sidecar_key
            FROM ROWS FROM (json_populate_recordset(NULL::note_capture, :rows::json), unnest(:responses::text[])) AS d
            ON CONFLICT (note_id, captured_at) DO UPDATE
            SET %2$s, mapper_version = EXCLUDED.mapper_version, sidecar_key = EXCLUDED.sidecar_key
            """.formatted(CAPTURE.each("?"), CAPTURE.each("? = EXCLUDED.?"));

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
        Mapped mapped = map(capture);
        boolean isNewest = saveNote(mapped, note.archivedAt());
        media.insertObjects(ObjectRow.of(note.filesOf(capture), now));
        if (isNewest) {
            media.saveSlots(capture, false, note.filesOf(capture));
        }
        List<NewFields> newFields = new ArrayList<>(List.of(mapped.newFields()));
        NoteCapture video = note.video();
        if (video != null) {
            newFields.add(saveVideo(video));
            media.insertObjects(ObjectRow.of(note.filesOf(video), now));
            media.saveSlots(video, true, note.filesOf(video));
        }
        drift.record(newFields);
    }

    /** Maps the first response about a note, without video response, for {@link #insert}. */
    FirstCapture first(CapturedNote note, Instant now) {
        Mapped mapped = map(note.capture());
        return new FirstCapture(
                mapped, mapped.note(note.archivedAt()), mapped.captureRow(), note.filesOf(note.capture()), now);
    }

    /** A note's first response with its rows. */
    record FirstCapture(Mapped mapped, NoteRow note, CaptureRow row, List<SlotRow> files, Instant now) {

        NoteId id() {
            return mapped.capture().id();
        }
    }

    /**
     * Writes the same rows as {@link #save} for notes without rows, in one statement a table. Part of the caller's
     * transaction, which {@link #recordNewFields} ends.
     *
     * @throws DuplicateKeyException if a note has rows already
     */
    void insert(List<FirstCapture> firsts) {
        List<Mapped> mapped = firsts.stream().map(FirstCapture::mapped).toList();
        saveAuthors(mapped);
        write(INSERT_NOTES, firsts.stream().map(FirstCapture::note).toList());
        saveCaptures(firsts.stream().map(FirstCapture::row).toList());
        for (NoteParts part : NoteParts.values()) {
            part.insert(jdbc, mapped.stream().flatMap(of -> of.parts(part)));
        }
        media.insertObjects(firsts.stream().flatMap(first -> ObjectRow.of(first.files(), first.now())));
        media.writeSlots(
                firsts.stream().flatMap(first -> ListedSlot.of(first.mapped().capture(), first.files())));
    }

    /** Records the new fields of first responses; has to be the last statement of the caller's transaction. */
    void recordNewFields(List<FirstCapture> firsts) {
        drift.record(firsts.stream().map(first -> first.mapped().newFields()).toList());
    }

    /**
     * Restores a response from its sidecar, with its files as found. Part of the caller's transaction; idempotent.
     * Sidecars of a note are restored in the order of their captures.
     *
     * @param archivedAt when the note became complete; null if it is not
     */
    public void restore(NoteCapture capture, List<SlotRow> files, @Nullable Instant archivedAt) {
        Mapped mapped = map(capture);
        saveNote(mapped, archivedAt);
        media.saveSlots(capture, false, files);
        drift.record(List.of(mapped.newFields()));
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
        saveAuthors(List.of(mapped));
        boolean isNewest = write(SAVE_NOTE, List.of(mapped.note(archivedAt))) > 0;
        if (!isNewest) {
            jdbc.sql("""
                            UPDATE note SET first_captured_at = :capturedAt
                            WHERE note_id = :noteId AND first_captured_at > :capturedAt
                            """)
                    .param("noteId", capture.id().value())
                    .param("capturedAt", Timestamp.from(capture.capturedAt()))
                    .update();
        }
        saveCaptures(List.of(mapped.captureRow()));
        for (NoteParts part : NoteParts.values()) {
            if (isNewest || part.ofCapture) {
                part.replace(jdbc, capture.id(), capture.capturedAt(), mapped.detail());
            }
        }
        return isNewest;
    }

    private NewFields saveVideo(NoteCapture video) {
        Mapped mapped = map(video);
        saveCaptures(List.of(mapped.captureRow(mapped.detail().capture().countsOnly(), null)));
        return mapped.newFields();
    }

    /** Writes each author once: the newest, by the first response that has it. */
    private void saveAuthors(List<Mapped> mapped) {
        Map<String, AuthorRow> newest = new LinkedHashMap<>();
        mapped.stream()
                .flatMap(Mapped::author)
                .forEach(row -> newest.merge(row.author().authorId(), row, AuthorRow::newer));
        write(SAVE_AUTHORS, newest.values());
    }

    private void saveCaptures(List<CaptureRow> rows) {
        jdbc.sql(SAVE_CAPTURES)
                .param("rows", Columns.json(rows))
                .param("responses", rows.stream().map(CaptureRow::response).toArray(String[]::new))
                .update();
    }

    private int write(String statement, Collection<? extends Record> rows) {
        return rows.isEmpty()
                ? 0
                : jdbc.sql(statement).param("rows", Columns.json(rows)).update();
    }

    private Mapped map(NoteCapture capture) {
        NoteDetail detail = NoteMapper.map(capture, capture.envelope());
        return new Mapped(capture, detail, drift.newFieldsIn(capture.id(), capture.capturedAt(), capture.envelope()));
    }

    /** Returns the platform's id of the author; empty if the response has none. */
    public static Optional<String> authorOf(NoteCapture capture) {
        return Optional.ofNullable(NoteMapper.author(capture.author())).map(Author::authorId);
    }

    /** A response with its columns. */
    record Mapped(NoteCapture capture, NoteDetail detail, NewFields newFields) {

        private Stream<AuthorRow> author() {
            Author author = detail.author();
            return author == null ? Stream.empty() : Stream.of(new AuthorRow(author, capture.capturedAt()));
        }

        private NoteRow note(@Nullable Instant archivedAt) {
            Instant at = capture.capturedAt();
            return new NoteRow(capture.id(), detail.note(), NoteMapper.VERSION, at, at, archivedAt);
        }

        private Stream<NoteParts.Part> parts(NoteParts part) {
            return part.rows(capture.id(), capture.capturedAt(), detail);
        }

        private CaptureRow captureRow() {
            return captureRow(detail.capture(), NoteMapper.VERSION);
        }

        /** @param mapperVersion null for a response of which only counts are kept */
        private CaptureRow captureRow(Capture columns, @Nullable Integer mapperVersion) {
            return new CaptureRow(
                    capture.id(),
                    capture.capturedAt(),
                    capture.callId(),
                    columns,
                    mapperVersion,
                    Sidecar.keyOf(capture.id(), capture.capturedAt()),
                    PostgresText.json(capture.envelope()));
        }
    }

    private record AuthorRow(@JsonUnwrapped Author author, Instant updatedAt) {

        AuthorRow newer(AuthorRow other) {
            return other.updatedAt.isAfter(updatedAt) ? other : this;
        }
    }

    private record NoteRow(
            NoteId noteId,
            @JsonUnwrapped Note note,
            int mapperVersion,
            Instant firstCapturedAt,
            Instant lastCapturedAt,
            @Nullable Instant archivedAt) {}

    private record CaptureRow(
            NoteId noteId,
            Instant capturedAt,
            long callId,
            @JsonUnwrapped Capture columns,
            @Nullable Integer mapperVersion,
            ObjectKey sidecarKey,
            @JsonIgnore String response) {}

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
