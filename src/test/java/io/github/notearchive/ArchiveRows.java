package io.github.notearchive;

import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * All rows of the archive that can be rebuilt from the bucket, as texts that can be compared.
 *
 * <p>Tables and columns are those that the database has, so that one which is added later has to come back, too, or to
 * be named here with the reason why it does not.
 */
public final class ArchiveRows {

    /** What a bucket does not know, by table. */
    private static final Map<String, Set<String>> UNKNOWN_COLUMNS = Map.of(
            // executions are rows of Spring Batch's tables, which are lost; a sidecar has the last check of a vanished
            // note
            "worklist", Set.of("settled_by", "requeued_at", "gone_since", "changed_at"),
            "api_call", Set.of("job_execution_id"),
            // the store's own time stands for it
            "media_object", Set.of("stored_at", "verified_at"),
            // nothing is verified by a rebuild, which changes all of the following
            "note_capture", Set.of("sidecar_verified_at", "changed_at"),
            "note", Set.of("changed_at"),
            "author", Set.of("changed_at"),
            "note_media", Set.of("changed_at"),
            // dated by the rebuild
            "log_entry", Set.of("recorded_at"));

    /** Which rows a bucket knows, by table: what was never paid for is not in it. */
    private static final Map<String, String> KNOWN_ROWS = Map.of(
            "api_call", "billed = 'YES' AND received_at IS NOT NULL",
            // a rebuild inserts orphans, too, which an audit reports with and without a row
            "media_object", "EXISTS (SELECT 1 FROM note_media m WHERE m.sha256 = t.sha256)",
            // the newest entry of each capture, which its sidecar has; a sidecar whose rows were not written had one,
            // too
            "log_entry", """
                            EXISTS (SELECT 1 FROM note_capture c
                                    WHERE c.note_id = t.note_id AND c.captured_at = t.captured_at)
                            AND NOT EXISTS (SELECT 1 FROM log_entry l
                                            WHERE l.note_id = t.note_id AND l.captured_at = t.captured_at
                                              AND coalesce(l.position, 'infinity'::float8) > coalesce(t.position, 'infinity'::float8))
                            """,
            "worklist", """
                            EXISTS (SELECT 1 FROM api_call c
                                    WHERE c.note_id = t.note_id AND c.billed = 'YES' AND c.received_at IS NOT NULL)
                            """);

    /**
     * Counts that the next run takes from the ledger, ends of nights and of the runs that were active then, which no
     * later night needs, the rate of calls, which starts again, how the runs of another database ended, what its audits
     * found, which shards of scans are done, and by which settings they planned refreshes; sums of what the other
     * tables hold; how often the database wrote to the bucket; and the catalog of published tables, which are published
     * again.
     */
    private static final Set<String> UNKNOWN_TABLES = Set.of(
            "nightly_calls",
            "source_gate",
            "run_stop",
            "call_pace",
            "run_summary",
            "fixity_finding",
            "scan_shard",
            "refresh_policy",
            "worklist_count",
            "media_object_count",
            // the newest one is adopted, without those before
            "log_checkpoint",
            "archive",
            "iceberg_tables",
            "iceberg_namespace_properties");

    /** What loses them. */
    public static final String LOSS = """
            TRUNCATE worklist, api_call, nightly_calls, source_gate, run_stop, author, note, note_capture, note_topic, note_mention,
                     note_comment, media_object, note_media, fixity_finding, scan_shard, schema_drift, refresh_policy, run_summary,
                     forgotten_note, forgotten_author, forgotten_object, archive, log_entry, log_checkpoint, batch_job_instance CASCADE
            """;

    private ArchiveRows() {}

    /**
     * Reads them.
     *
     * @param database runs a query for texts
     */
    public static Map<String, List<String>> of(Function<String, List<String>> database) {
        List<String> tables = database.apply("""
                        SELECT table_name::text FROM information_schema.tables
                        WHERE table_schema = 'public' AND table_type = 'BASE TABLE'
                          AND table_name NOT LIKE 'batch\\_%' AND table_name <> 'flyway_schema_history'
                        """);
        Map<String, List<String>> rows = new TreeMap<>();
        for (String table : tables) {
            if (!UNKNOWN_TABLES.contains(table)) {
                rows.put(table, database.apply(query(table)));
            }
        }
        return rows;
    }

    private static String query(String table) {
        String without = UNKNOWN_COLUMNS.getOrDefault(table, Set.of()).stream()
                .map(column -> " - '" + column + "'")
                .collect(Collectors.joining());
        return "SELECT (to_jsonb(t)"
                + without
                + ")::text FROM "
                + table
                + " t WHERE "
                + KNOWN_ROWS.getOrDefault(table, "true")
                + " ORDER BY 1";
    }
}
