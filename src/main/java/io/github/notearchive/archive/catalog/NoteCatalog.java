package io.github.notearchive.archive.catalog;

import com.fasterxml.jackson.annotation.JsonIgnore;
import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonUnwrapped;
import io.github.notearchive.archive.catalog.NoteDetail.Author;
import io.github.notearchive.archive.catalog.NoteDetail.Capture;
import io.github.notearchive.archive.catalog.NoteDetail.Note;
import io.github.notearchive.io.PostgresText;
import io.github.notearchive.io.TerminalText;
import io.github.notearchive.note.NoteCapture;
import io.github.notearchive.note.NoteId;
import io.github.notearchive.store.ObjectKey;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.springframework.dao.DuplicateKeyException;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Repository;

/** Reads and writes captured notes: current state, captures, topics, mentions and comments. */
@Repository
public record NoteCatalog(JdbcClient jdbc, MediaCatalog media) {

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

        public List<NoteCapture> answers() {
            return video == null ? List.of(capture) : List.of(capture, video);
        }

        /** Returns the files that a response lists. Each file is listed by one response. */
        public List<SlotRow> filesOf(NoteCapture response) {
            return files.stream()
                    .filter(file -> response.callId() == listing(file).callId())
                    .toList();
        }

        private NoteCapture listing(SlotRow file) {
            return video != null && file.kind().isOfVideo() ? video : capture;
        }

        public boolean lists(SlotRow file) {
            return files.stream()
                    .anyMatch(listed -> listed.kind() == file.kind() && listed.ordinal() == file.ordinal());
        }
    }

    /**
     * Writes a note's responses, the note according to its detail response, and its slots. Part of the caller's
     * transaction; idempotent. The sidecars are to be stored before.
     *
     * <p>A response older than the newest known one changes neither the note nor its files. A video response has its
     * own counts and lists the video files; the note itself follows the detail response, since the video response may
     * omit fields.
     */
    public void save(CapturedNote note) {
        boolean isNewest = saveNote(map(note));
        saveFiles(note, note.capture(), false, isNewest);
        NoteCapture video = note.video();
        if (video != null) {
            saveVideo(video);
            saveFiles(note, video, true, true);
        }
    }

    private void saveFiles(CapturedNote note, NoteCapture response, boolean ofVideo, boolean isNewest) {
        List<SlotRow> files = note.filesOf(response);
        media.insertObjects(files);
        if (isNewest) {
            media.saveSlots(response, ofVideo, files);
        }
    }

    /**
     * Writes the same rows as {@link #save} for notes without rows and video response, in one statement a table. Part
     * of the caller's transaction.
     *
     * @throws DuplicateKeyException if a note has rows already
     */
    void insert(List<Mapped> firsts) {
        saveAuthors(firsts);
        Statements.write(
                jdbc, INSERT_NOTES, firsts.stream().map(Mapped::noteRow).toList());
        saveCaptures(firsts.stream().map(Mapped::row).toList());
        for (NoteParts part : NoteParts.values()) {
            part.insert(jdbc, firsts.stream().flatMap(of -> part.rows(of.id(), of.capturedAt(), of.detail())));
        }
        media.insert(firsts.stream().map(Mapped::note).toList());
    }

    /**
     * Restores a response from its sidecar, with its files as found. Part of the caller's transaction; idempotent.
     * Sidecars of a note are restored in the order of their captures.
     *
     * @param archivedAt when the note became complete; null if it is not. Not used for a video response
     */
    public void restore(NoteCapture capture, boolean ofVideo, List<SlotRow> files, @Nullable Instant archivedAt) {
        if (ofVideo) {
            saveVideo(capture);
        } else {
            saveNote(map(new CapturedNote(capture, null, files, archivedAt)));
        }
        media.saveSlots(capture, ofVideo, files);
    }

    /** Returns whether the response is the newest; an older one only changes when the note was first known. */
    private boolean saveNote(Mapped mapped) {
        saveAuthors(List.of(mapped));
        boolean isNewest = Statements.write(jdbc, SAVE_NOTE, List.of(mapped.noteRow())) > 0;
        if (!isNewest) {
            Statements.update(jdbc, Map.of("noteId", mapped.id(), "capturedAt", mapped.capturedAt()), """
                            UPDATE note SET first_captured_at = :capturedAt
                            WHERE note_id = :noteId AND first_captured_at > :capturedAt
                            """);
        }
        saveCaptures(List.of(mapped.row()));
        for (NoteParts part : NoteParts.values()) {
            if (isNewest || part.ofCapture) {
                part.replace(jdbc, mapped.id(), mapped.capturedAt(), mapped.detail());
            }
        }
        return isNewest;
    }

    private void saveVideo(NoteCapture video) {
        Capture counts = NoteMapper.map(video, video.envelope()).capture().countsOnly();
        saveCaptures(List.of(CaptureRow.of(video, counts, null)));
    }

    /** Writes each author once: the newest, by the first response that has it. */
    private void saveAuthors(List<Mapped> mapped) {
        Map<String, AuthorRow> newest = new LinkedHashMap<>();
        for (Mapped each : mapped) {
            Author author = each.detail().author();
            if (author != null) {
                newest.merge(author.authorId(), new AuthorRow(author, each.capturedAt()), AuthorRow::newer);
            }
        }
        Statements.write(jdbc, SAVE_AUTHORS, newest.values());
    }

    private void saveCaptures(List<CaptureRow> rows) {
        List<String> responses = rows.stream().map(CaptureRow::response).toList();
        Statements.update(jdbc, Map.of("rows", Columns.json(rows), "responses", responses), SAVE_CAPTURES);
    }

    /** Maps the detail response of a note. */
    static Mapped map(CapturedNote note) {
        NoteCapture capture = note.capture();
        NoteDetail detail = NoteMapper.map(capture, capture.envelope());
        return new Mapped(note, detail, CaptureRow.of(capture, detail.capture(), NoteMapper.VERSION));
    }

    /** A note with the columns of its detail response, and its row in {@code note_capture}. */
    record Mapped(CapturedNote note, NoteDetail detail, CaptureRow row) {

        NoteId id() {
            return note.capture().id();
        }

        private Instant capturedAt() {
            return note.capture().capturedAt();
        }

        private NoteRow noteRow() {
            return new NoteRow(id(), detail.note(), NoteMapper.VERSION, capturedAt(), capturedAt(), note.archivedAt());
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

    record CaptureRow(
            NoteId noteId,
            Instant capturedAt,
            long callId,
            @JsonUnwrapped Capture columns,
            @Nullable Integer mapperVersion,
            ObjectKey sidecarKey,
            @JsonIgnore String response) {

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
                        SELECT n.title, n.note_type AS type, a.nickname AS author, n.published_at, n.first_captured_at, n.last_captured_at,
                               n.archived_at, (SELECT count(*)::integer FROM note_capture c WHERE c.note_id = n.note_id) AS captures,
                               (SELECT c.sidecar_key FROM note_capture c WHERE c.note_id = n.note_id
                                ORDER BY c.captured_at DESC LIMIT 1) AS sidecar_key
                        FROM note n LEFT JOIN author a USING (author_id)
                        WHERE n.note_id = :noteId
                        """);
    }

    /** A response in the catalog, and when its note became complete; null if it is not. */
    record Taken(@Nullable Instant archivedAt) {}

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

    /**
     * Returns the newest notes by publication whose title or text contains every word, at most {@code limit}; notes
     * without a time come last. Words may have any length. Notes with an unfinished erasure are excluded.
     *
     * @param words separated by white space; at least one
     * @throws org.springframework.dao.DataIntegrityViolationException if there is no word
     */
    public List<Hit> search(String words, int limit) {
        return Statements.list(jdbc, Hit.class, Map.of("words", words, "limit", limit), """
                        SELECT n.note_id AS id, n.published_at, n.author_id, a.nickname AS author, n.title, n.note_text AS text,
                               n.liked_count AS likes
                        FROM search_note(:words,
                                         least(2147483647,
                                               :limit + (SELECT count(*) FROM forgotten_note JOIN note USING (note_id)))::integer) n
                        LEFT JOIN author a USING (author_id)
                        WHERE NOT EXISTS (SELECT FROM forgotten_note f WHERE f.note_id = n.note_id)
                        ORDER BY n.published_at DESC NULLS LAST, n.note_id DESC
                        LIMIT :limit
                        """);
    }

    /**
     * Note that a search found.
     *
     * @param text beginning of the text, in one line
     */
    public record Hit(
            @JsonProperty("noteId") NoteId id,
            @Nullable Instant publishedAt,
            @Nullable String authorId,
            @Nullable String author,
            @Nullable String title,
            @JsonProperty("excerpt") @Nullable String text,
            @Nullable Long likes) {

        private static final int LENGTH = 41;

        public Hit {
            text = text == null ? null : TerminalText.excerpt(text, LENGTH);
        }
    }
}
