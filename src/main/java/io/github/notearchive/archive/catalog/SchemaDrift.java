package io.github.notearchive.archive.catalog;

import com.fasterxml.jackson.annotation.JsonUnwrapped;
import io.github.notearchive.archive.catalog.SchemaDrift.FieldPath;
import io.github.notearchive.note.NoteId;
import io.github.notearchive.note.ResponseJson;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Objects;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.BinaryOperator;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.core.io.ClassPathResource;
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

    private static final int EXAMPLES = 3;

    private static final String SELECT =
            "SELECT path, json_type AS type, first_seen_at, example_note_id AS example_note FROM schema_drift ";

    private static final Set<FieldPath> DOCUMENTED = documented();

    /** Keeps the older sighting, so that the order of reading does not matter. */
    private static final BinaryOperator<Sighting> OLDER =
            BinaryOperator.minBy(Comparator.comparing(Sighting::firstSeenAt).thenComparing(Sighting::exampleNote));

    private final JdbcClient jdbc;
    private final Set<String> knownPaths = ConcurrentHashMap.newKeySet();
    private final Map<FieldPath, Sighting> recorded = new ConcurrentHashMap<>();
    private final List<Found> found = new CopyOnWriteArrayList<>();
    private volatile boolean isLoaded;
    private volatile boolean isFull;

    SchemaDrift(JdbcClient jdbc) {
        this.jdbc = jdbc;
    }

    public record Found(FieldPath field, NoteId example) {}

    /** Number of fields that no operator has reviewed, and the newest of them. */
    public record Unreviewed(long fields, List<Sighting> examples) {}

    /** A field, and the oldest response in which it was seen. */
    public record Sighting(@JsonUnwrapped FieldPath field, Instant firstSeenAt, NoteId exampleNote) {}

    record NewFields(List<Sighting> fields) {}

    /** Reads the recorded fields of all processes. */
    public void load() {
        List<Sighting> rows = jdbc.sql(SELECT).query(Columns.of(Sighting.class)).list();
        recorded.clear();
        knownPaths.clear();
        DOCUMENTED.forEach(field -> knownPaths.add(field.path()));
        rows.forEach(this::remember);
        isFull = false;
        isLoaded = true;
    }

    private void remember(Sighting sighting) {
        recorded.merge(sighting.field(), sighting, OLDER);
        knownPaths.add(sighting.field().path());
    }

    /** Returns the fields that this process has recorded and committed, oldest first. */
    public List<Found> found() {
        return List.copyOf(found);
    }

    /** Returns fields that are new, or seen earlier than recorded. */
    NewFields newFieldsIn(NoteId note, Instant capturedAt, JsonNode response) {
        if (!isLoaded) {
            load();
        }
        Function<FieldPath, Sighting> sighting = field -> new Sighting(field, capturedAt, note);
        return new NewFields(
                FieldPaths.unknownIn(response, knownPaths::contains, field -> isKnown(sighting.apply(field))).stream()
                        .map(sighting)
                        .toList());
    }

    private boolean isKnown(Sighting sighting) {
        Sighting oldest = recorded.get(sighting.field());
        return DOCUMENTED.contains(sighting.field())
                || (oldest != null && OLDER.apply(oldest, sighting).equals(oldest));
    }

    /**
     * Records new fields. Part of the caller's transaction, which must not lock other shared rows afterwards: another
     * recorder waits for its end.
     */
    void record(Collection<NewFields> newFields) {
        NavigableMap<FieldPath, Sighting> sightings = new TreeMap<>();
        for (NewFields of : newFields) {
            of.fields().forEach(sighting -> sightings.merge(sighting.field(), sighting, OLDER));
        }
        applyLimit(sightings);
        if (sightings.isEmpty()) {
            return;
        }
        // serialized, so that two recorders of the same fields do not deadlock
        jdbc.sql("SELECT pg_advisory_xact_lock(hashtext('note-archive-drift'), 0)")
                .query(_ -> {});
        Statements.update(jdbc, Map.of("rows", Columns.json(sightings.values())), """
                        INSERT INTO schema_drift (path, json_type, first_seen_at, example_note_id)
                        SELECT path, type, first_seen_at, example_note
                        FROM json_to_recordset(:rows::json) AS t (path text, type text, first_seen_at timestamptz, example_note text)
                        ON CONFLICT (path, json_type) DO UPDATE
                        SET first_seen_at = EXCLUDED.first_seen_at, example_note_id = EXCLUDED.example_note_id
                        WHERE (schema_drift.first_seen_at, schema_drift.example_note_id COLLATE "C")
                            > (EXCLUDED.first_seen_at, EXCLUDED.example_note_id COLLATE "C")
                        """);
        rememberAfterCommit(sightings);
    }

    private void applyLimit(NavigableMap<FieldPath, Sighting> sightings) {
        List<FieldPath> beyond = sightings.keySet().stream()
                .filter(field -> !recorded.containsKey(field))
                .skip(Math.max(0, MAX_ROWS - recorded.size()))
                .toList();
        if (!beyond.isEmpty() && !isFull) {
            isFull = true;
            log.warn(
                    "Note {}: new field {} is not recorded, since schema_drift has {} rows; further fields are ignored",
                    Objects.requireNonNull(sightings.get(beyond.getFirst())).exampleNote(),
                    beyond.getFirst(),
                    MAX_ROWS);
        }
        beyond.forEach(sightings::remove);
    }

    private void rememberAfterCommit(Map<FieldPath, Sighting> sightings) {
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
        List<Found> added = sightings.values().stream()
                .filter(sighting -> !recorded.containsKey(sighting.field()))
                .map(sighting -> new Found(sighting.field(), sighting.exampleNote()))
                .toList();
        sightings.values().forEach(this::remember);
        if (!added.isEmpty()) {
            found.addAll(added);
            log.warn(
                    "Note {}: {} new field paths, e.g. {}",
                    added.getFirst().example(),
                    added.size(),
                    added.stream().limit(EXAMPLES).map(Found::field).toList());
        }
    }

    public Unreviewed unreviewed(int examples) {
        List<Sighting> rows = Statements.list(
                jdbc,
                Sighting.class,
                Map.of("limit", examples),
                SELECT + "WHERE state = 'NEW' ORDER BY first_seen_at DESC, path, json_type LIMIT :limit");
        long fields = jdbc.sql("SELECT count(*) FROM schema_drift WHERE state = 'NEW'")
                .query(Long.class)
                .single();
        return new Unreviewed(fields, rows);
    }

    /** Reads one field per line, {@code path: type}; lines starting with # are comments. */
    private static Set<FieldPath> documented() {
        try {
            return new ClassPathResource("documented-fields.txt", SchemaDrift.class)
                    .getContentAsString(StandardCharsets.UTF_8)
                    .lines()
                    .filter(line -> !line.isBlank() && !line.startsWith("#"))
                    .map(line -> line.split(": ", 2))
                    .map(field -> new FieldPath(field[0], field[1]))
                    .collect(Collectors.toUnmodifiableSet());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** A field of a response: path such as {@code note.images_list[].url_size_large}, and JSON type. */
    public record FieldPath(String path, String type) implements Comparable<FieldPath> {

        @Override
        public int compareTo(FieldPath other) {
            return Comparator.comparing(FieldPath::path)
                    .thenComparing(FieldPath::type)
                    .compare(this, other);
        }

        /** Format of logs and {@code documented-fields.txt}. */
        @Override
        public String toString() {
            return path + ": " + type;
        }
    }

    /**
     * Finds unknown fields of a response.
     *
     * <p>A note is {@code note}, whether it is in a {@code note_list} or, as in version 6, in {@code data}; {@code []}
     * stands for each element of a list. Bounds for arbitrary input: a name that looks like an id is {@code *}; levels
     * below {@value #MAX_LEVELS} and paths longer than {@value #MAX_LENGTH} characters are ignored; a response yields
     * at most {@value #MAX_FIELDS} fields.
     */
    static final class FieldPaths {

        static final int MAX_LENGTH = 300;
        static final int MAX_LEVELS = 20;
        static final int MAX_FIELDS = 100;

        private static final String ANY = "*";

        /** Identifier-like names; others are data. */
        private static final Pattern NAME = Pattern.compile("[A-Za-z_][A-Za-z0-9_-]{0,59}");

        /** Long numbers, digests and random names. */
        private static final Pattern ID = Pattern.compile(
                "\\d{5}|(?<![A-Za-z0-9])(?=[a-f]*\\d)[0-9a-f]{8}|^(?=(?:.*\\d){3})[A-Za-z0-9]{16}",
                Pattern.CASE_INSENSITIVE);

        private final Predicate<String> isKnownPath;
        private final Predicate<FieldPath> isKnown;
        private final SortedSet<FieldPath> unknown = new TreeSet<>();

        private FieldPaths(Predicate<String> isKnownPath, Predicate<FieldPath> isKnown) {
            this.isKnownPath = isKnownPath;
            this.isKnown = isKnown;
        }

        /** Returns the unknown fields of a response, sorted. A null value is unknown only if its path is. */
        static SortedSet<FieldPath> unknownIn(
                JsonNode response, Predicate<String> isKnownPath, Predicate<FieldPath> isKnown) {
            FieldPaths paths = new FieldPaths(isKnownPath, isKnown);
            paths.visitChildren(response, "", 0);
            return paths.unknown;
        }

        private void visit(JsonNode value, String path, int level) {
            if (path.length() > MAX_LENGTH || level > MAX_LEVELS || unknown.size() >= MAX_FIELDS) {
                return;
            }
            String type = type(value);
            if (type == null || (value.isNull() && isKnownPath.test(path))) {
                return;
            }
            FieldPath field = new FieldPath(path, type);
            if (!isKnown.test(field)) {
                unknown.add(field);
            }
            visitChildren(value, path, level);
        }

        private void visitChildren(JsonNode value, String path, int level) {
            if (value.isArray()) {
                value.forEach(element -> visit(element, element(path, element), level + 1));
            }
            String parent = path.isEmpty() ? "" : path + ".";
            value.forEachEntry((name, child) -> visit(child, child(parent, name, child), level + 1));
        }

        private String child(String parent, String name, JsonNode child) {
            if (parent.isEmpty() && name.equals("data") && isNote(child)) {
                return "note";
            }
            boolean isName = isKnownPath.test(parent + name)
                    || (NAME.matcher(name).matches() && !ID.matcher(name).find());
            return parent + (isName ? name : ANY);
        }

        private static String element(String path, JsonNode element) {
            boolean isInList = path.endsWith("note_list") && path.startsWith("data");
            return isInList || (path.equals("data") && isNote(element)) ? "note" : path + "[]";
        }

        private static boolean isNote(JsonNode node) {
            return node.isObject()
                    && !node.has("note_list")
                    && (node.has("id") || node.has("title") || node.has("images_list"));
        }

        /** Null for a placeholder that this program inserted. */
        private static @Nullable String type(JsonNode value) {
            if (value.isString()) {
                return value.stringValue().equals(ResponseJson.LEFT_OUT) ? null : "string";
            }
            return value.getNodeType().name().toLowerCase(Locale.ROOT);
        }
    }
}
