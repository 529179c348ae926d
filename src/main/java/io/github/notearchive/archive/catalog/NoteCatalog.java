package io.github.notearchive.archive.catalog;

import com.fasterxml.jackson.annotation.JsonIgnore;
import com.fasterxml.jackson.annotation.JsonUnwrapped;
import io.github.notearchive.archive.catalog.MediaCatalog.ListedSlot;
import io.github.notearchive.archive.catalog.NoteDetail.Author;
import io.github.notearchive.archive.catalog.NoteDetail.Capture;
import io.github.notearchive.archive.catalog.NoteDetail.NoteColumns;
import io.github.notearchive.archive.worklist.WorklistRow;
import io.github.notearchive.io.jdbc.Columns;
import io.github.notearchive.io.jdbc.PostgresText;
import io.github.notearchive.io.jdbc.Statements;
import io.github.notearchive.note.NoteCapture;
import io.github.notearchive.note.NoteId;
import io.github.notearchive.store.ObjectKey;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Repository;

/** Reads and writes captured notes: current state, captures, topics, mentions and comments. */
@Repository
public final class NoteCatalog {

    static final Columns<NoteColumns> NOTE = Columns.of(NoteColumns.class);
    static final Columns<Capture> CAPTURE = Columns.of(Capture.class);
    static final Columns<Author> AUTHOR = Columns.of(Author.class);

    /**
     * Writes each author once: the newest. Rows are locked in one order, so that two groups of notes with the same
     * authors do not deadlock.
     */
    private static final String SAVE_AUTHORS = """
            INSERT INTO author (%1$s, updated_at)
            SELECT DISTINCT ON (author_id) %1$s, updated_at FROM json_populate_recordset(NULL::author, :rows::json)
            ORDER BY author_id, updated_at DESC
            ON CONFLICT (author_id) DO UPDATE SET %2$s, updated_at = EXCLUDED.updated_at
            WHERE author.updated_at < EXCLUDED.updated_at
            """.formatted(AUTHOR.each("?"), AUTHOR.each("? = EXCLUDED.?"));

    /** An updated row differs from an inserted one in {@code xmax}, which names this transaction. */
    private static final String SAVE_NOTES = """
            INSERT INTO note (note_id, %1$s, mapper_version, first_captured_at, last_captured_at, archived_at)
            SELECT note_id, %1$s, mapper_version, first_captured_at, last_captured_at, archived_at
            FROM json_populate_recordset(NULL::note, :rows::json)
            ON CONFLICT (note_id) DO UPDATE
            SET %2$s, mapper_version = EXCLUDED.mapper_version,
                last_captured_at = EXCLUDED.last_captured_at, archived_at = EXCLUDED.archived_at
            WHERE note.last_captured_at <= EXCLUDED.last_captured_at
            RETURNING note_id, xmax = 0 AS inserted
            """.formatted(
                    NOTE.each("?"),
                    // an equal value that is compressed or moved out of the row stays there: else the row is updated in
                    // all indexes
                    NOTE.each("? = EXCLUDED.?")
                            .replace(
                                    "search = EXCLUDED.search",
                                    "search = CASE WHEN note.search = EXCLUDED.search THEN note.search ELSE "
                                            + "EXCLUDED.search END"));

    private static final String SAVE_CAPTURES = """
            INSERT INTO note_capture (note_id, captured_at, call_id, %1$s, mapper_version, response, sidecar_key)
            SELECT note_id, captured_at, call_id, %1$s, mapper_version, d.unnest::jsonb, sidecar_key
            FROM ROWS FROM (json_populate_recordset(NULL::note_capture, :rows::json), unnest(:responses::text[])) AS d
            ON CONFLICT (note_id, captured_at) DO UPDATE
            SET %2$s, mapper_version = EXCLUDED.mapper_version, sidecar_key = EXCLUDED.sidecar_key
            """.formatted(CAPTURE.each("?"), CAPTURE.each("? = EXCLUDED.?"));

    /**
     * Empties all but the newest two responses to each endpoint whose sidecar an audit has read and none found damaged
     * since: until then the column may be the last copy. A row that another transaction has locked is emptied after the
     * next capture. A finding clears the time of the audit, which is compared again after a wait for the row.
     */
    private static final String EMPTY_OLDER = """
            UPDATE note_capture SET response = NULL
            WHERE call_id = ANY (ARRAY(
                SELECT c.call_id FROM note_capture c
                WHERE c.note_id = ANY (:notes) AND c.response IS NOT NULL AND c.sidecar_verified_at IS NOT NULL
                  AND EXISTS (SELECT 1 FROM note_capture n
                              WHERE n.note_id = c.note_id AND n.captured_at > c.captured_at
                                AND (n.mapper_version IS NULL) = (c.mapper_version IS NULL) OFFSET 1)
                  AND NOT EXISTS (SELECT 1 FROM fixity_finding f
                                  WHERE f.object_key = c.sidecar_key AND f.resolved_at IS NULL AND f.kind <> 'ORPHAN')
                FOR NO KEY UPDATE SKIP LOCKED))
            """;

    private final JdbcClient jdbc;
    private final MediaCatalog media;

    public NoteCatalog(JdbcClient jdbc, MediaCatalog media) {
        this.jdbc = jdbc;
        this.media = media;
    }

    /** A note with its responses and the files they list, as written to the tables and to its sidecars. */
    public record CapturedNote(
            NoteCapture capture,
            @Nullable NoteCapture video,
            List<SlotRow> files,
            @Nullable Instant archivedAt) {

        public CapturedNote {
            files = List.copyOf(files);
        }

        public static CapturedNote of(
                NoteCapture capture, @Nullable NoteCapture video, List<SlotRow> slots, boolean complete, Instant now) {
            return new CapturedNote(
                    capture, video, slots.stream().map(slot -> slot.at(now)).toList(), complete ? now : null);
        }

        public List<NoteCapture> responses() {
            return video == null ? List.of(capture) : List.of(capture, video);
        }

        /** Returns the files that a response lists. Each file is listed by one response. */
        public List<SlotRow> filesOf(NoteCapture response) {
            return files.stream()
                    .filter(file ->
                            isVideo(response) == (video != null && file.kind().isOfVideo()))
                    .toList();
        }

        private boolean isVideo(NoteCapture response) {
            return video != null && video.callId() == response.callId();
        }
    }

    /** As below, for one note. */
    public void save(CapturedNote note) {
        save(List.of(map(note)));
    }

    /**
     * Writes the responses of different notes, the notes according to their detail responses, and their slots. Part of
     * the caller's transaction; idempotent. The sidecars are to be stored before. Notes without rows cost one statement
     * a table; of others the responses before the newest two are emptied.
     *
     * <p>A response older than the newest known one changes neither the note nor its files. A video response has its
     * own counts and lists the video files; the note itself follows the detail response, since the video response may
     * omit fields.
     */
    void save(List<MappedNote> notes) {
        Map<NoteId, Boolean> newest = saveNotes(notes);
        List<NoteCapture> videos = notes.stream()
                .flatMap(each -> Stream.ofNullable(each.note().video()))
                .toList();
        if (!videos.isEmpty()) {
            saveCaptures(videos.stream().map(CaptureRow::ofVideo).toList());
        }
        media.insertObjects(
                notes.stream().flatMap(each -> each.note().files().stream()).toList());
        List<ListedSlot> slots = new ArrayList<>();
        for (CapturedNote note : notes.stream().map(MappedNote::note).toList()) {
            Boolean isNew = newest.get(note.capture().id());
            for (NoteCapture response : note.responses()) {
                boolean ofVideo = note.isVideo(response);
                if (ofVideo || isNew != null) {
                    List<ListedSlot> listed = ListedSlot.of(response, note.filesOf(response));
                    if (!Boolean.TRUE.equals(isNew)) {
                        media.makeRoom(response, ofVideo, listed);
                    }
                    slots.addAll(listed);
                }
            }
        }
        media.saveSlots(slots);
        emptyOlder(notes.stream()
                .map(MappedNote::id)
                .filter(id -> !Boolean.TRUE.equals(newest.get(id)))
                .toList());
    }

    private void emptyOlder(List<NoteId> notes) {
        if (!notes.isEmpty()) {
            Statements.update(jdbc, Map.of("notes", notes), EMPTY_OLDER);
        }
    }

    /**
     * Restores a response from its sidecar, with its files as found. Part of the caller's transaction; idempotent.
     * Sidecars of a note are restored in the order of their captures.
     *
     * @param archivedAt when the note became complete; null if it is not. Not used for a video response
     */
    public void restore(NoteCapture capture, boolean ofVideo, List<SlotRow> files, @Nullable Instant archivedAt) {
        if (ofVideo) {
            saveCaptures(List.of(CaptureRow.ofVideo(capture)));
        } else {
            saveNotes(List.of(map(new CapturedNote(capture, null, files, archivedAt))));
        }
        List<ListedSlot> listed = ListedSlot.of(capture, files);
        media.makeRoom(capture, ofVideo, listed);
        media.saveSlots(listed);
        emptyOlder(List.of(capture.id()));
    }

    private record SavedNote(NoteId noteId, boolean inserted) {}

    /**
     * Returns whether each note was inserted, without those of which a newer response is known; such a response only
     * changes when the note was first known.
     */
    private Map<NoteId, Boolean> saveNotes(List<MappedNote> notes) {
        Statements.write(
                jdbc,
                SAVE_AUTHORS,
                notes.stream().flatMap(each -> Stream.ofNullable(each.author())).toList());
        String rows = Columns.json(notes.stream().map(MappedNote::noteRow).toList());
        Map<NoteId, Boolean> newest = Statements.list(jdbc, SavedNote.class, Map.of("rows", rows), SAVE_NOTES).stream()
                .collect(Collectors.toMap(SavedNote::noteId, SavedNote::inserted));
        if (newest.size() < notes.size()) {
            List<NoteId> ids = notes.stream().map(MappedNote::id).toList();
            Statements.update(jdbc, Map.of("rows", rows, "ids", ids), """
                            UPDATE note SET first_captured_at = least(note.first_captured_at, d.first_captured_at)
                            FROM json_populate_recordset(NULL::note, :rows::json) AS d
                            WHERE note.note_id = ANY (:ids) AND note.note_id = d.note_id
                              AND note.last_captured_at > d.last_captured_at
                            """);
        }
        saveCaptures(notes.stream().map(MappedNote::row).toList());
        for (NoteParts part : NoteParts.values()) {
            List<MappedNote> owners = notes.stream()
                    .filter(each -> part.ofCapture || newest.containsKey(each.id()))
                    .toList();
            owners.stream()
                    .filter(each -> !Boolean.TRUE.equals(newest.get(each.id())))
                    .forEach(each -> part.delete(jdbc, each.id(), each.capturedAt()));
            part.insert(jdbc, owners.stream().flatMap(of -> part.rows(of.id(), of.capturedAt(), of.detail())));
        }
        return newest;
    }

    private void saveCaptures(List<CaptureRow> rows) {
        List<String> responses = rows.stream().map(CaptureRow::response).toList();
        Statements.update(jdbc, Map.of("rows", Columns.json(rows), "responses", responses), SAVE_CAPTURES);
    }

    /** Maps the detail response of a note. */
    static MappedNote map(CapturedNote note) {
        NoteCapture capture = note.capture();
        NoteDetail detail = NoteMapper.map(capture, capture.envelope());
        return new MappedNote(note, detail, CaptureRow.of(capture, detail.capture(), NoteMapper.VERSION));
    }

    /** A note with the columns of its detail response, and its row in {@code note_capture}. */
    record MappedNote(CapturedNote note, NoteDetail detail, CaptureRow row) {

        NoteId id() {
            return note.capture().id();
        }

        private Instant capturedAt() {
            return note.capture().capturedAt();
        }

        private @Nullable AuthorRow author() {
            return detail.author() == null ? null : new AuthorRow(detail.author(), capturedAt());
        }

        private NoteRow noteRow() {
            return new NoteRow(id(), detail.note(), NoteMapper.VERSION, capturedAt(), capturedAt(), note.archivedAt());
        }
    }

    record AuthorRow(@JsonUnwrapped Author author, Instant updatedAt) {}

    private record NoteRow(
            NoteId noteId,
            @JsonUnwrapped NoteColumns note,
            int mapperVersion,
            Instant firstCapturedAt,
            Instant lastCapturedAt,
            @Nullable Instant archivedAt) {}

    record CaptureRow(
            NoteId noteId,
            Instant capturedAt,
            long callId,
            @JsonUnwrapped Capture columns,
            @Nullable Integer mapperVersion,
            ObjectKey sidecarKey,
            @JsonIgnore String response) {

        static CaptureRow ofVideo(NoteCapture video) {
            return of(video, NoteMapper.map(video, video.envelope()).capture().countsOnly(), null);
        }

        /** @param mapperVersion null for a response of which only counts are kept */
        private static CaptureRow of(NoteCapture capture, Capture columns, @Nullable Integer mapperVersion) {
            NoteId id = capture.id();
            Instant at = capture.capturedAt();
            String response = PostgresText.json(capture.envelope());
            return new CaptureRow(id, at, capture.callId(), columns, mapperVersion, Sidecar.keyOf(id, at), response);
        }
    }

    /** Returns the platform's id of the author; empty if the response has none. */
    public static Optional<String> authorOf(NoteCapture capture) {
        return Optional.ofNullable(NoteMapper.author(capture.author())).map(Author::authorId);
    }

    /** Returns the state of a response in the catalog; empty if it was never written to it. */
    Optional<Taken> taken(NoteId id, Instant capturedAt) {
        return Statements.optional(jdbc, Taken.class, Map.of("noteId", id, "capturedAt", capturedAt), """
                        SELECT n.archived_at
                        FROM note_capture c JOIN note n USING (note_id)
                        WHERE c.note_id = :noteId AND c.captured_at = :capturedAt
                        """);
    }

    /** Returns the summary of a note; empty without a capture. */
    public Optional<NoteLine> find(NoteId id) {
        return Statements.optional(jdbc, NoteLine.class, Map.of("noteId", id), """
                        SELECT n.title, n.note_type AS type, a.nickname AS author, n.published_at, n.first_captured_at,
                               n.last_captured_at, n.archived_at,
                               (SELECT count(*)::integer FROM note_capture c WHERE c.note_id = n.note_id) AS captures,
                               (SELECT c.sidecar_key FROM note_capture c WHERE c.note_id = n.note_id
                                ORDER BY c.captured_at DESC LIMIT 1) AS sidecar_key
                        FROM note n LEFT JOIN author a USING (author_id)
                        WHERE n.note_id = :noteId
                        """);
    }

    /** A response in the catalog, and when its note became complete; null if it is not. */
    record Taken(@Nullable Instant archivedAt) {}

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

    /**
     * Returns whether the rows of a sidecar are missing or older. Compares with the note's row before any sidecar was
     * written.
     */
    public boolean areBehind(Sidecar sidecar, WorklistRow before) {
        Instant updated = sidecar.files().stream()
                .map(SlotRow::updatedAt)
                .max(Comparator.naturalOrder())
                .orElse(Instant.EPOCH);
        Instant settled = Objects.requireNonNullElse(before.settledAt(), Instant.EPOCH);
        Map<String, Object> parameters = Map.of(
                "note",
                sidecar.noteId(),
                "capturedAt",
                sidecar.capturedAt(),
                "captured",
                sidecar.media() != null,
                "settledAt",
                settled,
                "updatedAt",
                updated);
        return Statements.one(jdbc, Boolean.class, parameters, """
                        SELECT NOT EXISTS (SELECT 1 FROM api_call WHERE note_id = :note AND received_at = :capturedAt)
                            OR (:captured AND NOT EXISTS (SELECT 1 FROM note_capture
                                                          WHERE note_id = :note AND captured_at = :capturedAt))
                            OR NOT EXISTS (SELECT 1 FROM worklist
                                           WHERE note_id = :note AND coalesce(settled_at, 'epoch') >= :settledAt)
                            OR :updatedAt > (SELECT coalesce(max(updated_at), 'epoch') FROM note_media
                                             WHERE note_id = :note)
                        """);
    }
}
