package io.github.notearchive;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Checks by the SQL in string literals that each table is used only by the packages that may use it. */
class TableOwnershipTests {

    private static final Path SOURCES = Path.of("src/main/java/io/github/notearchive");

    /** The packages that write a table. Tables of Spring Batch and Iceberg are written by these only. */
    private static final Map<String, Set<String>> OWNED = Map.of(
            "archive.worklist", Set.of("worklist", "worklist_count", "refresh_policy"),
            "archive.ledger", Set.of("api_call", "source_gate", "nightly_calls", "call_pace", "run_stop"),
            "archive.catalog",
                    Set.of(
                            "archive",
                            "author",
                            "note",
                            "note_capture",
                            "note_topic",
                            "note_mention",
                            "note_comment",
                            "note_media",
                            "media_object",
                            "schema_drift",
                            "fixity_finding",
                            "forgotten_note",
                            "forgotten_author",
                            "forgotten_object",
                            "log_entry",
                            "log_checkpoint"),
            "archive.query", Set.of("media_object_count", "run_summary"),
            "batch", Set.of("scan_shard"));

    /**
     * Files with clients outside of {@code archive} and {@code batch}. This list may only shrink. {@code SystemChecks}
     * uses a separate connection, which cannot write, before the tables are known to exist.
     */
    private static final Set<String> REMAINING_CLIENTS = Set.of("cli/SystemChecks.java");

    private static final Pattern LITERAL =
            Pattern.compile("\"\"\"(.*?)\"\"\"|\"((?:[^\"\\\\\\n]|\\\\.)*)\"", Pattern.DOTALL);
    private static final Pattern CREATED = Pattern.compile("(?m)^CREATE (TABLE|VIEW) (\\w+)");
    private static final Pattern USED =
            Pattern.compile("\\b(INSERT INTO|DELETE FROM|UPDATE|LOCK TABLE|FROM|JOIN|USING)\\s+(\\w+)");
    private static final Set<String> READS = Set.of("FROM", "JOIN", "USING");

    /** Statements in files without access to a database are hints for operators. */
    private static final Pattern ACCESS = Pattern.compile("(?m)^import (java\\.sql|org\\.springframework\\.jdbc)\\.");

    private static final Pattern CLIENT =
            Pattern.compile("\\b(JdbcClient|JdbcTemplate|JdbcOperations|NamedParameter\\w+)\\b");

    private static final Map<String, String> RELATIONS = new TreeMap<>();
    private static final List<Use> USES = new ArrayList<>();

    private record Use(String file, String location, String relation, boolean isWrite) {}

    @BeforeAll
    static void readSources() throws IOException {
        try (Stream<Path> migrations = Files.list(Path.of("db/migration"))) {
            for (Path migration : migrations.toList()) {
                CREATED.matcher(Files.readString(migration))
                        .results()
                        .forEach(created -> RELATIONS.put(lowerCase(created.group(2)), created.group(1)));
            }
        }
        for (Path file : sources()) {
            String source = Files.readString(file);
            if (ACCESS.matcher(source).find()) {
                LITERAL.matcher(source)
                        .results()
                        .flatMap(literal -> USED.matcher(literal.group()).results())
                        .filter(used -> RELATIONS.containsKey(lowerCase(used.group(2))))
                        .forEach(used -> USES.add(new Use(
                                name(file),
                                packageOf(file),
                                lowerCase(used.group(2)),
                                !READS.contains(used.group(1)))));
            }
        }
    }

    private static String lowerCase(String name) {
        return name.toLowerCase(Locale.ROOT);
    }

    @Test
    void eachTableHasOneOwner() {
        Set<String> tables = RELATIONS.entrySet().stream()
                .filter(relation -> relation.getValue().equals("TABLE"))
                .map(Map.Entry::getKey)
                .filter(table -> !table.startsWith("batch_") && !table.startsWith("iceberg_"))
                .collect(Collectors.toSet());

        assertThat(OWNED.values().stream().flatMap(Set::stream)).containsExactlyInAnyOrderElementsOf(tables);
    }

    @Test
    void tablesAreReadInArchiveAndBatchTablesInBatch() {
        assertThat(USES)
                .filteredOn(use -> !moduleOf(use.location()).equals(isOfBatch(use.relation()) ? "batch" : "archive"))
                .isEmpty();
    }

    private static boolean isOfBatch(String relation) {
        return relation.startsWith("batch_")
                || OWNED.getOrDefault("batch", Set.of()).contains(relation);
    }

    /** Spring Batch writes its own tables, except the counts of active steps. */
    @Test
    void tablesAreWrittenByTheirOwners() {
        assertThat(USES)
                .filteredOn(Use::isWrite)
                .filteredOn(use ->
                        !use.location().equals("batch") || !use.relation().equals("batch_step_execution"))
                .filteredOn(use -> !OWNED.getOrDefault(use.location(), Set.of()).contains(use.relation()))
                .isEmpty();
    }

    @Test
    void clientsOfTheDatabaseAreUsedInArchiveAndBatch() throws IOException {
        Set<String> users = new TreeSet<>();
        for (Path file : sources()) {
            if (CLIENT.matcher(Files.readString(file)).find()
                    && !Set.of("archive", "batch").contains(moduleOf(packageOf(file)))
                    && !packageOf(file).equals("io.jdbc")) {
                users.add(name(file));
            }
        }

        assertThat(users).containsExactlyInAnyOrderElementsOf(REMAINING_CLIENTS);
    }

    private static List<Path> sources() throws IOException {
        try (Stream<Path> files = Files.walk(SOURCES)) {
            return files.filter(file -> file.toString().endsWith(".java"))
                    .sorted()
                    .toList();
        }
    }

    private static String name(Path file) {
        return SOURCES.relativize(file).toString();
    }

    private static String packageOf(Path file) {
        Path parent = SOURCES.relativize(file).getParent();
        return parent == null ? "" : parent.toString().replace('/', '.');
    }

    private static String moduleOf(String location) {
        return location.split("\\.")[0];
    }
}
