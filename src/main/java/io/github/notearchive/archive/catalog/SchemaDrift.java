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
 * Which fields of answers nobody has seen before: what the provider has changed, once each.
 *
 * <p>Known is what is documented, a list within the program, and what {@code schema_drift} has, which is read when a
 * job begins. An answer with nothing new costs no statement. At most {@value #MOST} rows are kept; what comes after
 * them is logged once and left out.
 */
@Repository
public class SchemaDrift {

    private static final Logger log = LoggerFactory.getLogger(SchemaDrift.class);

    /** Real answers have some 300 fields in all. */
    static final int MOST = 2_000;

    /** New fields that a line of the log names, of any number. */
    private static final int EXAMPLES = 3;

    private static final Set<FieldPath> DOCUMENTED = documented();

    private final JdbcClient jdbc;
    private final NamedParameterJdbcOperations batches;
    private final Set<String> knownPaths = ConcurrentHashMap.newKeySet();
    private final Map<FieldPath, Sight> recorded = new ConcurrentHashMap<>();
    private final List<Found> found = Collections.synchronizedList(new ArrayList<>());
    private volatile boolean isLoaded;
    private volatile boolean isFull;

    SchemaDrift(JdbcClient jdbc, NamedParameterJdbcOperations batches) {
        this.jdbc = jdbc;
        this.batches = batches;
    }

    /** A field that was new, and the note that had it. */
    public record Found(FieldPath field, NoteId example) {}

    /**
     * What nobody has looked at yet.
     *
     * @param fields how many there are
     * @param examples the first of them, by the time they were seen
     */
    public record Unreviewed(long fields, List<Row> examples) {}

    /** A row of {@code schema_drift}. */
    public record Row(String path, String type, Instant firstSeenAt, String exampleNote) {}

    /** The new fields of one answer. */
    record Novelties(Sight sight, SortedSet<FieldPath> fields) {}

    /**
     * Where a field was seen. Of two, that of the older answer counts, so that what is recorded does not depend on the
     * order in which answers are read.
     */
    record Sight(Instant at, NoteId note) {

        Sight older(Sight other) {
            return other.isOlderThan(this) ? other : this;
        }

        boolean isOlderThan(Sight other) {
            int order = at.compareTo(other.at);
            return order < 0 || (order == 0 && note.value().compareTo(other.note.value()) < 0);
        }
    }

    /** Reads what is recorded, whoever did it. */
    public void load() {
        Map<FieldPath, Sight> rows = new HashMap<>();
        jdbc.sql("SELECT path, json_type, first_seen_at, example_note_id FROM schema_drift")
                .query(row -> {
                    rows.put(
                            new FieldPath(row.getString("path"), row.getString("json_type")),
                            new Sight(
                                    row.getTimestamp("first_seen_at").toInstant(),
                                    new NoteId(row.getString("example_note_id"))));
                });
        recorded.clear();
        knownPaths.clear();
        DOCUMENTED.forEach(field -> knownPaths.add(field.path()));
        rows.forEach(this::know);
        isFull = false;
        isLoaded = true;
    }

    private void know(FieldPath field, Sight sight) {
        recorded.merge(field, sight, Sight::older);
        knownPaths.add(field.path());
    }

    /** What this process has recorded since it began, and committed; oldest first. */
    public List<Found> found() {
        synchronized (found) {
            return List.copyOf(found);
        }
    }

    /** What is new in an answer, or older than it was known to be. */
    Novelties noveltiesIn(NoteId note, Instant capturedAt, JsonNode answer) {
        if (!isLoaded) {
            load();
        }
        Sight sight = new Sight(capturedAt, note);
        return new Novelties(sight, FieldPaths.unknownIn(answer, knownPaths::contains, field -> isKnown(field, sight)));
    }

    private boolean isKnown(FieldPath field, Sight sight) {
        if (DOCUMENTED.contains(field)) {
            return true;
        }
        Sight oldest = recorded.get(field);
        return oldest != null && !sight.isOlderThan(oldest);
    }

    /**
     * Records what is new. Part of the caller's transaction, which is to take no more after it that others may want:
     * whoever finds something new, too, waits for its end.
     */
    void record(List<Novelties> novelties) {
        SortedMap<FieldPath, Sight> sights = new TreeMap<>();
        for (Novelties of : novelties) {
            for (FieldPath field : of.fields()) {
                sights.merge(field, of.sight(), Sight::older);
            }
        }
        leaveOutWhatIsTooMuch(sights);
        if (sights.isEmpty()) {
            return;
        }
        // one at a time, so that two who found the same do not wait for each other for ever
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
                sights.entrySet().stream()
                        .map(entry -> new MapSqlParameterSource()
                                .addValue("path", entry.getKey().path())
                                .addValue("type", entry.getKey().type())
                                .addValue("at", Timestamp.from(entry.getValue().at()))
                                .addValue("note", entry.getValue().note().value()))
                        .toArray(MapSqlParameterSource[]::new));
        knowWhenCommitted(sights);
    }

    private void leaveOutWhatIsTooMuch(SortedMap<FieldPath, Sight> sights) {
        int room = MOST - recorded.size();
        for (FieldPath field : List.copyOf(sights.keySet())) {
            if (recorded.containsKey(field)) {
                continue;
            }
            if (room-- <= 0) {
                Sight sight = sights.remove(field);
                if (!isFull && sight != null) {
                    isFull = true;
                    log.warn(
                            "Note {}: the field {} is new, but schema_drift has {} rows already; no more are recorded",
                            sight.note(),
                            field,
                            MOST);
                }
            }
        }
    }

    private void knowWhenCommitted(Map<FieldPath, Sight> sights) {
        if (!TransactionSynchronizationManager.isSynchronizationActive()) {
            throw new IllegalStateException("New fields are recorded in a transaction only");
        }
        TransactionSynchronizationManager.registerSynchronization(new TransactionSynchronization() {
            private boolean isUndone;

            @Override
            public void savepointRollback(Object savepoint) {
                isUndone = true; // perhaps; then they are recorded the next time
            }

            @Override
            public void afterCommit() {
                if (!isUndone) {
                    committed(sights);
                }
            }
        });
    }

    private void committed(Map<FieldPath, Sight> sights) {
        List<Found> added = new ArrayList<>();
        sights.forEach((field, sight) -> {
            if (!recorded.containsKey(field)) {
                added.add(new Found(field, sight.note()));
            }
            know(field, sight);
        });
        if (!added.isEmpty()) {
            found.addAll(added);
            log.warn(
                    "Note {}: {} field paths were never seen before, e.g. {}",
                    added.getFirst().example(),
                    added.size(),
                    added.stream().limit(EXAMPLES).map(Found::field).toList());
        }
    }

    /** What nobody has looked at yet. */
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

    /** One line a field, {@code path: type}; lines that begin with # are for people. */
    private static Set<FieldPath> documented() {
        try (@Nullable InputStream in = SchemaDrift.class.getResourceAsStream("documented-fields.txt")) {
            if (in == null) {
                throw new IllegalStateException("documented-fields.txt is not in the program");
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
