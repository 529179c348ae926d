package io.github.notearchive.archive.query;

import com.fasterxml.jackson.annotation.JsonProperty;
import io.github.notearchive.archive.worklist.NoteState;
import io.github.notearchive.io.jdbc.Columns;
import io.github.notearchive.io.jdbc.RecordParameters;
import io.github.notearchive.note.MediaKind;
import io.github.notearchive.note.NoteId;
import java.nio.file.Path;
import java.time.Instant;
import java.time.LocalDate;
import java.time.OffsetDateTime;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.namedparam.MapSqlParameterSource;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;
import org.springframework.transaction.PlatformTransactionManager;
import org.springframework.transaction.TransactionDefinition;
import org.springframework.transaction.TransactionStatus;
import org.springframework.transaction.support.DefaultTransactionDefinition;
import tools.jackson.core.type.TypeReference;
import tools.jackson.databind.json.JsonMapper;

/** Opens consistent views of the notes that match a {@link Selection}, for exports. */
@Component
public final class NoteSnapshots {

    private static final int FETCH_SIZE = 500;
    private static final int EXAMPLES = 20;

    private static final JsonMapper JSON = new JsonMapper();
    private static final TypeReference<Map<String, @Nullable Object>> CRITERIA = new TypeReference<>() {};

    /** Whether a note or its author changed since the start of a delta. */
    private static final String CHANGED = """
            (n.changed_at >= :since OR w.changed_at >= :since
                OR n.author_id IN (SELECT a.author_id FROM author a WHERE a.changed_at >= :since)
                OR n.note_id IN (SELECT m.note_id FROM note_media m WHERE m.changed_at >= :since))
            """;

    /** Whether the selection has the file of a row of {@code note_media}, joined with its {@code media_object}. */
    public static final String HAS_FILE = """
            (cardinality(:mediaKinds::text[]) = 0 OR note_media.kind = ANY (:mediaKinds))
            AND (:maxBytes::bigint IS NULL OR media_object.size_bytes <= :maxBytes)
            """;

    private static final String MONTH =
            "coalesce(to_char(n.published_at AT TIME ZONE 'Asia/Shanghai', 'YYYY-MM'), 'unknown') AS month";

    private final JdbcClient jdbc;
    private final PlatformTransactionManager transactions;

    public NoteSnapshots(JdbcClient jdbc, PlatformTransactionManager transactions) {
        this.jdbc = jdbc;
        this.transactions = transactions;
    }

    /**
     * Returns the condition of the selection. A note without capture only matches criteria that concern no content.
     * Rows of a note that is being erased may still exist, for long if the erasure was interrupted.
     */
    private static String criteria(NoteFilter filter, String id) {
        return """
                (%1$s) AND (:since::timestamptz IS NULL OR %2$s)
                  AND NOT EXISTS (SELECT FROM forgotten_note f WHERE f.note_id = %3$s)
                  AND (:publishedFrom::timestamptz IS NULL OR n.published_at >= :publishedFrom)
                  AND (:publishedTo::timestamptz IS NULL OR n.published_at < :publishedTo)
                  AND (coalesce(:capturedFrom::timestamptz, :capturedTo) IS NULL
                       OR EXISTS (SELECT FROM note_capture c WHERE c.note_id = n.note_id
                                  AND c.captured_at >= coalesce(:capturedFrom, timestamptz '-infinity')
                                  AND c.captured_at < coalesce(:capturedTo, timestamptz 'infinity')))
                  AND (cardinality(:topics::text[]) = 0
                       OR EXISTS (SELECT FROM note_topic t WHERE t.note_id = n.note_id
                                  AND (t.name = ANY (:topics) OR t.topic_id = ANY (:topics))))
                  AND (cardinality(:states::text[]) = 0 OR w.state = ANY (:states))
                  AND (:text::text IS NULL
                       OR strpos(lower(n.title), lower(:text)) > 0 OR strpos(lower(n.note_text), lower(:text)) > 0)
                  AND (:ids::text[] IS NULL OR %3$s = ANY (:ids))
                """.formatted(filter.condition(), CHANGED, id);
    }

    private static String relations(NoteFilter filter) {
        return """
            WITH selected AS NOT MATERIALIZED (
                SELECT n.note_id, %3$s FROM note n LEFT JOIN worklist w USING (note_id)
                WHERE %1$s
            ), listed AS NOT MATERIALIZED (
                SELECT note_id, month FROM selected
                UNION ALL
                SELECT w.note_id, %3$s FROM worklist w LEFT JOIN note n USING (note_id)
                WHERE n.note_id IS NULL AND %2$s
            ), removed AS NOT MATERIALIZED (
                SELECT f.note_id, f.forgotten_at AS removed_at, 'FORGOTTEN' AS cause, f.reason FROM forgotten_note f
                WHERE :ids::text[] IS NULL OR f.note_id = ANY (:ids)
                UNION ALL
                SELECT changed.note_id, NULL, 'NOT_SELECTED', NULL
                FROM (SELECT note_id FROM note n FULL JOIN worklist w USING (note_id) WHERE %4$s) AS changed
                WHERE :since::timestamptz IS NOT NULL
                  AND NOT EXISTS (SELECT FROM listed l WHERE l.note_id = changed.note_id)
                  AND NOT EXISTS (SELECT FROM forgotten_note f WHERE f.note_id = changed.note_id))
            """.formatted(criteria(filter, "n.note_id"), criteria(filter, "w.note_id"), MONTH, CHANGED);
    }

    /**
     * Opens a snapshot. It makes the database retain old row versions until it is closed.
     *
     * @param since restricts it to notes that changed at this time of the database or later; null for all
     */
    public NoteSnapshot open(Selection selection, @Nullable Collection<NoteId> ids, @Nullable Instant since) {
        DefaultTransactionDefinition readOnly = new DefaultTransactionDefinition();
        readOnly.setReadOnly(true);
        readOnly.setIsolationLevel(TransactionDefinition.ISOLATION_REPEATABLE_READ);
        TransactionStatus transaction = transactions.getTransaction(readOnly);
        try {
            // copying a file may take long between two fetches
            jdbc.sql("SET LOCAL idle_in_transaction_session_timeout = 0").update();
            jdbc.sql("SET LOCAL statement_timeout = 0").update();
            NoteFilter filter = selection.terms();
            MapSqlParameterSource parameters =
                    RecordParameters.of(selection).addValue("ids", RecordParameters.column(ids));
            parameters.addValue("since", RecordParameters.column(since));
            filter.parameters().forEach((name, value) -> parameters.addValue(name, RecordParameters.column(value)));
            return new NoteSnapshot(transaction, relations(filter), parameters);
        } catch (RuntimeException e) {
            transactions.rollback(transaction);
            throw e;
        }
    }

    /**
     * Returns the criteria that no note matches by themselves, as options of {@code export}, without files and ids.
     * Empty if only their combination matches none.
     */
    public List<String> unmatched(Selection selection) {
        Map<String, @Nullable Object> neutral = JSON.convertValue(Selection.all(), CRITERIA);
        Map<String, @Nullable Object> given = JSON.convertValue(selection, CRITERIA);
        given.keySet().removeAll(Set.of("ids", "mediaKinds", "maxBytes"));
        given.values().removeAll(neutral.values());
        return given.keySet().stream()
                .filter(name -> {
                    Map<String, @Nullable Object> alone = new HashMap<>(neutral);
                    alone.put(name, given.get(name));
                    try (NoteSnapshot matching = open(JSON.convertValue(alone, Selection.class), null, null)) {
                        return matching.isEmpty();
                    }
                })
                .map(name -> name.replaceAll("(?=[A-Z])", "-").replaceFirst("s$", ""))
                .map(String::toLowerCase)
                .toList();
    }

    /**
     * Filter of notes to export. A note must match all given criteria; a criterion with several values matches any of
     * them. Without criteria all captured notes match.
     *
     * @param publishedFrom earliest publication, inclusive; excludes notes without publication time
     * @param publishedTo latest publication, exclusive
     * @param capturedFrom earliest capture, inclusive; also restricts the exported captures
     * @param capturedTo latest capture, exclusive
     * @param topics names or ids of topics
     * @param authors authors as in the term {@code author:} of a filter
     * @param text text that title or text must contain, ignoring case; null for any
     * @param filter terms that must match; null for any
     * @param ids file with one note id per line; null for any
     * @param mediaKinds kinds of files to export; empty for all. Rows of other files are exported without them
     * @param maxBytes size of the largest file to export; null for any
     */
    public record Selection(
            @Nullable Instant publishedFrom,
            @Nullable Instant publishedTo,
            @Nullable Instant capturedFrom,
            @Nullable Instant capturedTo,
            List<String> topics,
            List<String> authors,
            List<NoteState> states,
            @Nullable String text,
            @Nullable NoteFilter filter,
            @Nullable Path ids,
            List<MediaKind> mediaKinds,
            @Nullable Long maxBytes) {

        /** Returns the filter with the authors. */
        private NoteFilter terms() {
            NoteFilter own = filter == null ? NoteFilter.all() : filter;
            return authors.isEmpty() ? own : own.and(NoteFilter.authors(authors));
        }

        public static Selection all() {
            return new Selection(
                    null, null, null, null, List.of(), List.of(), List.of(), null, null, null, List.of(), null);
        }
    }

    /** Number of notes, and of their stored files with their bytes; a file that two notes use counts twice. */
    public record ContentSize(long notes, long files, long bytes) {}

    /** File of an export by its path, or object to be copied to it by its key. */
    public record FileEntry(String path, long size, String sha256) {}

    /**
     * Consistent view of the selected notes: the transaction of the calling thread, read-only with {@code REPEATABLE
     * READ}. Rows are read with cursors, so that memory use does not depend on the size of the archive; the caller
     * closes each stream before it opens the next one.
     */
    public final class NoteSnapshot implements AutoCloseable {

        private final TransactionStatus transaction;
        private final String relations;
        private final MapSqlParameterSource parameters;

        private NoteSnapshot(TransactionStatus transaction, String relations, MapSqlParameterSource parameters) {
            this.transaction = transaction;
            this.relations = relations;
            this.parameters = parameters;
        }

        /**
         * Returns the texts that a query selects.
         *
         * @param query over one of the relations {@code selected (note_id, month)}, {@code listed (note_id, month)},
         *     which adds notes without capture, and {@code removed (note_id, removed_at, cause, reason)}; may use the
         *     parameters {@code capturedFrom} and {@code capturedTo}
         */
        public Stream<String> rows(String query) {
            return selected(query).withFetchSize(FETCH_SIZE).query((row, _) -> row.getString(1)).stream();
        }

        /**
         * Returns each object of the selected notes once, in the order of digests.
         *
         * @param ofDelta whether slots that did not change since the start of the delta are omitted
         */
        public Stream<FileEntry> objects(boolean ofDelta) {
            String changed = ofDelta ? "AND note_media.changed_at >= :since" : "";
            return selected("""
                            SELECT object_key AS path, size_bytes AS size, sha256 FROM media_object
                            WHERE EXISTS (SELECT FROM note_media JOIN selected USING (note_id)
                                          WHERE note_media.sha256 = media_object.sha256 AND %s %s)
                            ORDER BY sha256
                            """.formatted(HAS_FILE, changed))
                    .withFetchSize(FETCH_SIZE)
                    .query(Columns.of(FileEntry.class))
                    .stream();
        }

        /** Returns what the selected notes have. */
        public ContentSize size() {
            return selected("""
                            SELECT count(DISTINCT note_id) AS notes, count(media_object.sha256) AS files,
                                   coalesce(sum(media_object.size_bytes), 0)::bigint AS bytes
                            FROM selected
                            LEFT JOIN note_media USING (note_id)
                            LEFT JOIN media_object
                              ON media_object.sha256 = note_media.sha256 AND note_media.state = 'STORED'
                            """).query(Columns.of(ContentSize.class)).single();
        }

        /** Returns the sidecars of the selected captures by their keys; a sidecar has no recorded size or digest. */
        public Stream<FileEntry> sidecars() {
            return selected("""
                            SELECT sidecar_key AS path, 0 AS size, '' AS sha256
                            FROM note_capture JOIN selected USING (note_id)
                            WHERE sidecar_key IS NOT NULL
                              AND captured_at >= coalesce(:capturedFrom, timestamptz '-infinity')
                              AND captured_at < coalesce(:capturedTo, timestamptz 'infinity')
                            ORDER BY note_id, captured_at
                            """).withFetchSize(FETCH_SIZE).query(Columns.of(FileEntry.class)).stream();
        }

        /** Returns whether no note matches, captured or not. */
        public boolean isEmpty() {
            return selected("SELECT NOT EXISTS (SELECT FROM listed)")
                    .query(Boolean.class)
                    .single();
        }

        public long count() {
            return selected("SELECT count(*) FROM selected").query(Long.class).single();
        }

        /**
         * Returns the parts of the tables that changed since a time.
         *
         * @param digits length of the prefixes
         * @param ofCaptures whether the parts are those of captures, by month, or of notes
         * @param since null for all parts
         */
        public List<SnapshotPart> changedParts(int digits, boolean ofCaptures, @Nullable Instant since) {
            String from = ofCaptures ? """
                    date_trunc('month', captured_at AT TIME ZONE 'UTC')::date AS month
                    FROM note_capture WHERE changed_at >= coalesce(:since, timestamptz '-infinity')
                    """ : "NULL::date AS month FROM selected";
            String parts =
                    "SELECT DISTINCT left(note_id, %d) AS prefix, %s ORDER BY prefix, month".formatted(digits, from);
            return since(since, parts).query(Columns.of(SnapshotPart.class)).list();
        }

        /**
         * Returns prefixes of the notes whose erasure is unfinished, or was decided since a time.
         *
         * @param since null for unfinished ones only
         */
        public Set<String> erasedPrefixes(int digits, @Nullable Instant since) {
            return Set.copyOf(
                    since(since, """
                            SELECT DISTINCT left(note_id, %d) FROM forgotten_note
                            WHERE finished_at IS NULL OR forgotten_at >= :since
                            """.formatted(digits)).query(String.class).list());
        }

        /** Returns when the first unfinished erasure of a person was decided; empty if there is none. */
        public Optional<Instant> personErasedSince() {
            return jdbc.sql("SELECT min(forgotten_at) FROM forgotten_author WHERE finished_at IS NULL")
                    .query(OffsetDateTime.class)
                    .optional()
                    .map(OffsetDateTime::toInstant);
        }

        private JdbcClient.StatementSpec selected(String query) {
            return jdbc.sql(relations + query).paramSource(parameters);
        }

        private JdbcClient.StatementSpec since(@Nullable Instant since, String query) {
            MapSqlParameterSource changed = new MapSqlParameterSource(parameters.getValues());
            return jdbc.sql(relations + query).paramSource(changed.addValue("since", RecordParameters.column(since)));
        }

        /**
         * Returns when the newest row was changed, by the database's clock; a time long ago for an empty archive, and
         * now for a row of the future, since the clock was ahead.
         */
        public Instant mark() {
            return jdbc.sql("""
                            SELECT least(max(changed_at), now()) FROM (
                                VALUES (timestamptz 'epoch'),
                                       ((SELECT max(changed_at) FROM note)),
                                       ((SELECT max(changed_at) FROM note_media)),
                                       ((SELECT max(changed_at) FROM author)),
                                       ((SELECT max(changed_at) FROM worklist))) AS newest (changed_at)
                            """).query(OffsetDateTime.class).single().toInstant();
        }

        /** Counts the ids of the selection, which has some, and those that were never captured. */
        public NamedIds namedIds() {
            return jdbc.sql("""
                            SELECT cardinality(:ids::text[])::bigint AS named,
                                   encode(sha256(convert_to(array_to_string(:ids::text[], ' '), 'UTF8')), 'hex')
                                       AS sha256, count(*) AS not_archived,
                                   coalesce((array_agg(i.note_id ORDER BY i.note_id))[1: %d], '{}') AS examples
                            FROM unnest(:ids::text[]) AS i (note_id)
                            WHERE NOT EXISTS (SELECT FROM note n WHERE n.note_id = i.note_id
                                              AND NOT EXISTS (SELECT FROM forgotten_note f WHERE f.note_id = n.note_id))
                            """.formatted(EXAMPLES))
                    .paramSource(parameters)
                    .query(Columns.of(NamedIds.class))
                    .single();
        }

        /** Returns the comments of the database, by {@code table} and {@code table.column}. */
        public Map<String, String> comments() {
            Map<String, String> comments = new HashMap<>();
            jdbc.sql("""
                            SELECT c.relname || coalesce('.' || a.attname, '') AS name, d.description
                            FROM pg_catalog.pg_description d
                            JOIN pg_catalog.pg_class c ON c.oid = d.objoid
                            LEFT JOIN pg_catalog.pg_attribute a
                              ON a.attrelid = c.oid AND a.attnum = d.objsubid AND d.objsubid > 0
                            WHERE d.classoid = 'pg_catalog.pg_class'::regclass
                              AND c.relnamespace = current_schema()::regnamespace
                            """).query(row -> {
                comments.put(row.getString("name"), row.getString("description"));
            });
            return comments;
        }

        @Override
        public void close() {
            transactions.rollback(transaction);
        }
    }

    /**
     * Part of a table: the rows of the notes whose ids begin with a prefix.
     *
     * @param month first day of the month in UTC to whose captures it is restricted; null for all rows
     */
    public record SnapshotPart(String prefix, @Nullable LocalDate month) {

        public SnapshotPart {
            if (!prefix.matches("[0-9a-f]+")) {
                throw new IllegalArgumentException("\"" + prefix + "\" is not the beginning of a note id");
            }
        }

        /**
         * Returns the condition of the rows of a table that is joined with the selected notes, both restricted, since
         * the planner does not derive one from the other.
         */
        public String condition(String table, String selected) {
            String ofNotes = Stream.of(table, selected)
                    .map(each -> "%1$s.note_id >= '%2$s' AND %1$s.note_id < '%2$sg'".formatted(each, prefix))
                    .distinct()
                    .collect(Collectors.joining(" AND "));
            return month == null
                    ? ofNotes
                    : "%1$s AND %2$s.captured_at >= '%3$sT00:00Z' AND %2$s.captured_at < '%4$sT00:00Z'"
                            .formatted(ofNotes, table, month, month.plusMonths(1));
        }
    }

    /**
     * Requested note ids.
     *
     * @param named number of distinct ids
     * @param sha256 digest of the sorted ids
     * @param notArchived number of ids that were never captured
     * @param examples at most 20 of these
     */
    public record NamedIds(
            long named,
            String sha256,
            long notArchived,
            @JsonProperty("notArchivedExamples") List<String> examples) {}
}
