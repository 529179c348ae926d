package io.github.notearchive.archive.catalog;

import io.github.notearchive.note.NoteId;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.sql.Timestamp;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.jdbc.core.namedparam.MapSqlParameterSource;
import org.springframework.jdbc.core.namedparam.NamedParameterJdbcOperations;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Repository;
import org.springframework.transaction.support.TransactionSynchronization;
import org.springframework.transaction.support.TransactionSynchronizationManager;
import tools.jackson.databind.JsonNode;

/**
 * Detects and records fields of responses that were never seen before: changes of the provider, once each.
 *
 * <p>Known fields are a list within the program and {@code schema_drift}, which is read at the start of a job. A
 * response without new fields costs no statement. The table holds at most {@value #MAX_ROWS} rows; the first field
 * beyond them is logged and further ones are ignored.
 */
@Repository
public class SchemaDrift {

    private static final Logger log = LoggerFactory.getLogger(SchemaDrift.class);

    /** Maximum number of rows. Real responses have about 300 fields in total. */
    static final int MAX_ROWS = 2_000;

    /** Number of fields in a log message. */
    private static final int EXAMPLES = 3;

    private static final Set<FieldPath> DOCUMENTED = documented();

    private final JdbcClient jdbc;
    private final NamedParameterJdbcOperations batches;
    private final Set<String> knownPaths = ConcurrentHashMap.newKeySet();
    private final Map<FieldPath, Sighting> recorded = new ConcurrentHashMap<>();
    private final List<Found> found = Collections.synchronizedList(new ArrayList<>());
    private volatile boolean isLoaded;
    private volatile boolean isFull;

    SchemaDrift(JdbcClient jdbc, NamedParameterJdbcOperations batches) {
        this.jdbc = jdbc;
        this.batches = batches;
    }

    /** A new field and the note that contained it. */
    public record Found(FieldPath field, NoteId example) {}

    /**
     * Fields that no operator has reviewed.
     *
     * @param fields number of fields
     * @param examples first of them, by time
     */
    public record Unreviewed(long fields, List<Row> examples) {}

    /** A row of {@code schema_drift}. */
    public record Row(String path, String type, Instant firstSeenAt, String exampleNote) {}

    /** New fields of a response. */
    record NewFields(Sighting sighting, SortedSet<FieldPath> fields) {}

    /**
     * Response in which a field was seen. The older one is recorded, so that the result does not depend on the order in
     * which responses are read.
     */
    record Sighting(Instant at, NoteId note) {

        Sighting older(Sighting other) {
            return other.isOlderThan(this) ? other : this;
        }

        boolean isOlderThan(Sighting other) {
            int order = at.compareTo(other.at);
            return order < 0 || (order == 0 && note.value().compareTo(other.note.value()) < 0);
        }
    }

    /** Reads the recorded fields of all processes. */
    public void load() {
        Map<FieldPath, Sighting> rows = new HashMap<>();
        jdbc.sql("SELECT path, json_type, first_seen_at, example_note_id FROM schema_drift")
                .query(row -> {
                    rows.put(
                            new FieldPath(row.getString("path"), row.getString("json_type")),
                            new Sighting(
                                    row.getTimestamp("first_seen_at").toInstant(),
                                    new NoteId(row.getString("example_note_id"))));
                });
        recorded.clear();
        knownPaths.clear();
        DOCUMENTED.forEach(field -> knownPaths.add(field.path()));
        rows.forEach(this::remember);
        isFull = false;
        isLoaded = true;
    }

    private void remember(FieldPath field, Sighting sighting) {
        recorded.merge(field, sighting, Sighting::older);
        knownPaths.add(field.path());
    }

    /** Returns the fields that this process has recorded and committed, oldest first. */
    public List<Found> found() {
        synchronized (found) {
            return List.copyOf(found);
        }
    }

    /** Returns fields that are new, or seen earlier than recorded. */
    NewFields newFieldsIn(NoteId note, Instant capturedAt, JsonNode answer) {
        if (!isLoaded) {
            load();
        }
        Sighting sighting = new Sighting(capturedAt, note);
        return new NewFields(
                sighting, FieldPaths.unknownIn(answer, knownPaths::contains, field -> isKnown(field, sighting)));
    }

    private boolean isKnown(FieldPath field, Sighting sighting) {
        if (DOCUMENTED.contains(field)) {
            return true;
        }
        Sighting oldest = recorded.get(field);
        return oldest != null && !sighting.isOlderThan(oldest);
    }

    /**
     * Records new fields. Part of the caller's transaction, which must not lock other shared rows afterwards: another
     * recorder waits for its end.
     */
    void record(List<NewFields> newFields) {
        SortedMap<FieldPath, Sighting> sightings = new TreeMap<>();
        for (NewFields of : newFields) {
            for (FieldPath field : of.fields()) {
                sightings.merge(field, of.sighting(), Sighting::older);
            }
        }
        applyLimit(sightings);
        if (sightings.isEmpty()) {
            return;
        }
        // serialized, so that two recorders of the same fields do not deadlock
        jdbc.sql("SELECT pg_advisory_xact_lock(hashtext('note-archive-drift'), 0)")
                .query(_ -> {});
        batches.batchUpdate(
                """
                INSERT INTO schema_drift (path, json_type, first_seen_at, example_note_id)
                VALUES (:path, :type, :at, :note)
                ON CONFLICT (path, json_type) DO UPDATE
                SET first_seen_at = EXCLUDED.first_seen_at, example_note_id = EXCLUDED.example_note_id
                WHERE (schema_drift.first_seen_at, schema_drift.example_note_id COLLATE "C")
                    > (EXCLUDED.first_seen_at, EXCLUDED.example_note_id COLLATE "C")
                """,
                sightings.entrySet().stream()
                        .map(entry -> new MapSqlParameterSource()
                                .addValue("path", entry.getKey().path())
                                .addValue("type", entry.getKey().type())
                                .addValue("at", Timestamp.from(entry.getValue().at()))
                                .addValue("note", entry.getValue().note().value()))
                        .toArray(MapSqlParameterSource[]::new));
        rememberAfterCommit(sightings);
    }

    private void applyLimit(SortedMap<FieldPath, Sighting> sightings) {
        int room = MAX_ROWS - recorded.size();
        for (FieldPath field : List.copyOf(sightings.keySet())) {
            if (recorded.containsKey(field)) {
                continue;
            }
            if (room-- <= 0) {
                Sighting sighting = sightings.remove(field);
                if (!isFull && sighting != null) {
                    isFull = true;
                    log.warn(
                            "Note {}: new field {} is not recorded, since schema_drift has {} rows; further fields are ignored",
                            sighting.note(),
                            field,
                            MAX_ROWS);
                }
            }
        }
    }

    private void rememberAfterCommit(Map<FieldPath, Sighting> sightings) {
        if (!TransactionSynchronizationManager.isSynchronizationActive()) {
            throw new IllegalStateException("new fields have to be recorded in a transaction");
        }
        TransactionSynchronizationManager.registerSynchronization(new TransactionSynchronization() {
            private boolean isRolledBack;

            @Override
            public void savepointRollback(Object savepoint) {
                isRolledBack = true; // possibly undone; the next response records them then
            }

            @Override
            public void afterCommit() {
                if (!isRolledBack) {
                    committed(sightings);
                }
            }
        });
    }

    private void committed(Map<FieldPath, Sighting> sightings) {
        List<Found> added = new ArrayList<>();
        sightings.forEach((field, sighting) -> {
            if (!recorded.containsKey(field)) {
                added.add(new Found(field, sighting.note()));
            }
            remember(field, sighting);
        });
        if (!added.isEmpty()) {
            found.addAll(added);
            log.warn(
                    "Note {}: {} new field paths, e.g. {}",
                    added.getFirst().example(),
                    added.size(),
                    added.stream().limit(EXAMPLES).map(Found::field).toList());
        }
    }

    /** Returns fields that no operator has reviewed. */
    public Unreviewed unreviewed(int examples) {
        List<Row> rows = jdbc.sql("""
                                SELECT path, json_type, first_seen_at, example_note_id
                                FROM schema_drift WHERE state = 'NEW'
                                ORDER BY first_seen_at DESC, path, json_type
                                LIMIT :limit
                                """)
                .param("limit", examples)
                .query((row, _) -> new Row(
                        row.getString("path"),
                        row.getString("json_type"),
                        row.getTimestamp("first_seen_at").toInstant(),
                        row.getString("example_note_id")))
                .list();
        long fields = jdbc.sql("SELECT count(*) FROM schema_drift WHERE state = 'NEW'")
                .query(Long.class)
                .single();
        return new Unreviewed(fields, rows);
    }

    /** Reads one field per line, {@code path: type}; lines starting with # are comments. */
    private static Set<FieldPath> documented() {
        try (@Nullable InputStream in = SchemaDrift.class.getResourceAsStream("documented-fields.txt")) {
            if (in == null) {
                throw new IllegalStateException("resource documented-fields.txt is missing");
            }
            Set<FieldPath> fields = new HashSet<>();
            new String(in.readAllBytes(), StandardCharsets.UTF_8)
                    .lines()
                    .filter(line -> !line.isBlank() && !line.startsWith("#"))
                    .forEach(line -> {
                        int colon = line.lastIndexOf(": ");
                        fields.add(new FieldPath(line.substring(0, colon), line.substring(colon + 2)));
                    });
            return Set.copyOf(fields);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
