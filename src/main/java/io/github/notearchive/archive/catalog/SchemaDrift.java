package io.github.notearchive.archive.catalog;

import com.fasterxml.jackson.annotation.JsonUnwrapped;
import io.github.notearchive.io.jdbc.Columns;
import io.github.notearchive.io.jdbc.Statements;
import io.github.notearchive.note.NoteCapture;
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
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.regex.Pattern;
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
 * response without new fields costs no statement. When {@value #MAX_KNOWN} paths are known, which is logged, further
 * fields are ignored.
 */
@Repository
public class SchemaDrift {

    private static final Logger log = LoggerFactory.getLogger(SchemaDrift.class);

    /** Real responses have about 300 fields in total. */
    static final int MAX_KNOWN = 2_500;

    private static final int EXAMPLES = 3;

    private static final String SELECT =
            "SELECT path, json_type AS type, first_seen_at, example_note_id AS example_note FROM schema_drift ";

    private static final List<FieldPath> DOCUMENTED = documented();

    private final JdbcClient jdbc;
    /** Known JSON types by path. */
    private final Map<String, Set<String>> known = new ConcurrentHashMap<>();

    private final List<FieldExample> found = new CopyOnWriteArrayList<>();
    private volatile boolean isFull;

    SchemaDrift(JdbcClient jdbc) {
        this.jdbc = jdbc;
        DOCUMENTED.forEach(this::remember);
    }

    public record FieldExample(FieldPath field, NoteId example) {}

    /** Number of fields that no operator has reviewed, and the newest of them. */
    public record Unreviewed(long fields, List<Sighting> examples) {}

    /** A field, and the response in which it was found. */
    public record Sighting(@JsonUnwrapped FieldPath field, Instant firstSeenAt, NoteId exampleNote) {}

    /** Reads the recorded fields of all processes. */
    public void load() {
        List<Sighting> rows = Statements.list(jdbc, Sighting.class, Map.of(), SELECT);
        known.clear();
        DOCUMENTED.forEach(this::remember);
        rows.forEach(row -> remember(row.field()));
        isFull = false;
    }

    /** Returns whether a field was unknown. */
    private boolean remember(FieldPath field) {
        return known.computeIfAbsent(field.path(), _ -> ConcurrentHashMap.newKeySet())
                .add(field.type());
    }

    /** Returns the fields that this process has recorded, oldest first. */
    public List<FieldExample> found() {
        return List.copyOf(found);
    }

    List<Sighting> newFieldsIn(NoteId note, Instant capturedAt, JsonNode response) {
        return FieldPaths.unknownIn(response, known).stream()
                .map(field -> new Sighting(field, capturedAt, note))
                .toList();
    }

    /**
     * Records the new fields of a response. Another recorder of a field waits for the end of the caller's transaction,
     * so there is none, except while the whole archive is locked.
     */
    public void record(NoteCapture response) {
        record(newFieldsIn(response.id(), response.capturedAt(), response.envelope()));
    }

    /** As above; the first response of a field is kept. A field is known when the transaction is committed. */
    void record(Collection<Sighting> sightings) {
        List<Sighting> added =
                sightings.stream().limit(Math.max(0, MAX_KNOWN - known.size())).toList();
        if (added.size() < sightings.size() && !isFull) {
            isFull = true;
            log.warn("{} paths of fields in responses are known; further ones are ignored", MAX_KNOWN);
        }
        if (added.isEmpty()) {
            return;
        }
        // in one order, so that two recorders of the same fields do not deadlock
        Statements.update(jdbc, Map.of("rows", Columns.json(added)), """
                        INSERT INTO schema_drift (path, json_type, first_seen_at, example_note_id)
                        SELECT path, type, first_seen_at, example_note
                        FROM json_to_recordset(:rows::json) AS t (path text, type text, first_seen_at timestamptz,
                                                                  example_note text)
                        ORDER BY path, type
                        ON CONFLICT DO NOTHING
                        """);
        if (TransactionSynchronizationManager.isSynchronizationActive()) {
            TransactionSynchronizationManager.registerSynchronization(new TransactionSynchronization() {
                @Override
                public void afterCommit() {
                    rememberAll(added);
                }
            });
        } else {
            rememberAll(added);
        }
    }

    private void rememberAll(List<Sighting> added) {
        List<FieldExample> first = added.stream()
                .filter(sighting -> remember(sighting.field()))
                .map(sighting -> new FieldExample(sighting.field(), sighting.exampleNote()))
                .toList();
        if (!first.isEmpty()) {
            found.addAll(first);
            log.warn(
                    "Note {}: {} new field paths, e.g. {}",
                    first.getFirst().example(),
                    first.size(),
                    first.stream().limit(EXAMPLES).map(FieldExample::field).toList());
        }
    }

    public Unreviewed unreviewed(int examples) {
        List<Sighting> rows = Statements.list(
                jdbc,
                Sighting.class,
                Map.of("limit", examples),
                SELECT + "WHERE state = 'NEW' ORDER BY first_seen_at DESC, path, json_type LIMIT :limit");
        String count = "SELECT count(*) FROM schema_drift WHERE state = 'NEW'";
        return new Unreviewed(Statements.one(jdbc, Long.class, Map.of(), count), rows);
    }

    /** Reads one field per line, {@code path: type}; lines starting with # are comments. */
    private static List<FieldPath> documented() {
        try {
            return new ClassPathResource("documented-fields.txt", SchemaDrift.class)
                    .getContentAsString(StandardCharsets.UTF_8)
                    .lines()
                    .filter(line -> !line.isBlank() && !line.startsWith("#"))
                    .map(line -> line.split(": ", 2))
                    .map(field -> new FieldPath(field[0], field[1]))
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** A field of a response: path such as {@code note.images_list[].url_size_large}, and JSON type. */
    public record FieldPath(String path, String type) {

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

        /** Identifier-like names; others are data. */
        private static final Pattern NAME = Pattern.compile("[A-Za-z_][A-Za-z0-9_-]{0,59}");

        /** Long numbers, digests and random names. */
        private static final Pattern ID = Pattern.compile(
                "\\d{5}|(?<![A-Za-z0-9])(?=[a-f]*\\d)[0-9a-f]{8}|^(?=(?:.*\\d){3})[A-Za-z0-9]{16}",
                Pattern.CASE_INSENSITIVE);

        private final Map<String, Set<String>> known;
        private final SortedSet<FieldPath> unknown =
                new TreeSet<>(Comparator.comparing(FieldPath::path).thenComparing(FieldPath::type));

        private FieldPaths(Map<String, Set<String>> known) {
            this.known = known;
        }

        /** Returns the unknown fields of a response, sorted. A null value is unknown only if its path is. */
        static SortedSet<FieldPath> unknownIn(JsonNode response, Map<String, Set<String>> known) {
            FieldPaths paths = new FieldPaths(known);
            paths.visitChildren(response, "", 0);
            return paths.unknown;
        }

        private void visit(JsonNode value, String path, int level) {
            if (path.length() > MAX_LENGTH || level > MAX_LEVELS || unknown.size() >= MAX_FIELDS) {
                return;
            }
            String type = type(value);
            if (type == null || (value.isNull() && known.containsKey(path))) {
                return;
            }
            if (!known.getOrDefault(path, Set.of()).contains(type)) {
                unknown.add(new FieldPath(path, type));
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
            boolean isName = known.containsKey(parent + name)
                    || (NAME.matcher(name).matches() && !ID.matcher(name).find());
            return parent + (isName ? name : "*");
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
