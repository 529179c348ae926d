package io.github.notearchive.export;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.tuple;

import io.github.notearchive.SmallArchive;
import io.github.notearchive.archive.query.NoteFilter;
import io.github.notearchive.archive.query.NoteSnapshots.Selection;
import io.github.notearchive.export.ExportOptions.AuthorMode;
import io.github.notearchive.export.ExportOptions.ExportFormat;
import io.github.notearchive.export.ExportOptions.MediaMode;
import io.github.notearchive.export.Exporter.ExportException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import tools.jackson.databind.JsonNode;

/** A consumer that merges deltas has what a full export has. */
class DeltaTests extends ExportScenario {

    private int exports;

    @BeforeEach
    void makeTheArchiveOld() {
        archive.makeOld("1 day");
        // moves the mark
        database.update("UPDATE worklist SET settled_at = now() WHERE note_id = '65a000000000000000000009'");
    }

    @ParameterizedTest
    @EnumSource(names = {"JSONL", "PARQUET"})
    void mergingDeltasEqualsAFullExport(ExportFormat format) throws Exception {
        Random random = new Random(21);
        Path last = full(format, Selection.all());
        try (Duck duck = new Duck()) {
            List<String> tables = texts(manifest(last).path("tables"), "name");
            for (String table : tables) {
                duck.execute("CREATE TABLE %s AS SELECT * FROM %s".formatted(table, source(format, last, table)));
            }
            for (int round = 0; round < 5; round++) {
                archive.makeOld("2 hours");
                for (int i = 0; i < 3; i++) {
                    database.update(SmallArchive.CHANGES.get(random.nextInt(SmallArchive.CHANGES.size())));
                }

                last = delta(format, last, Selection.all());
                Path full = full(format, Selection.all());

                merge(duck, format, last, tables);
                for (String table : tables) {
                    String sql = "SELECT * FROM %s ORDER BY ALL";
                    assertThat(duck.query(sql.formatted(table)))
                            .as("%s after round %d", table, round)
                            .isEqualTo(duck.query(sql.formatted(source(format, full, table))));
                }
            }
        }
    }

    /** Deletes all rows of the notes of a delta and inserts its rows, as src/docs/export.md says. */
    private static void merge(Duck duck, ExportFormat format, Path delta, List<String> tables) throws Exception {
        duck.execute(
                "CREATE OR REPLACE TEMP TABLE changed AS SELECT note_id FROM %s UNION SELECT note_id FROM %s UNION SELECT note_id FROM %s"
                        .formatted(
                                source(format, delta, "notes"),
                                source(format, delta, "worklist"),
                                source(format, delta, "removed")));
        for (String table : tables) {
            String rows = source(format, delta, table);
            duck.execute("DELETE FROM %s WHERE note_id IN (FROM changed)".formatted(table));
            duck.execute("INSERT INTO %s BY NAME SELECT * FROM %s".formatted(table, rows));
        }
    }

    /** Names the columns of JSON, because a file may be empty. */
    private static String source(ExportFormat format, Path out, String table) throws Exception {
        String source = Duck.read(format, out, table);
        if (format != ExportFormat.JSONL) {
            return source;
        }
        for (JsonNode described : manifest(out).path("tables")) {
            if (described.path("name").stringValue().equals(table)) {
                String columns = String.join(": 'JSON', ", texts(described.path("columns"), "name"));
                return source.replace("sample_size = -1", "columns = {%s: 'JSON'}".formatted(columns));
            }
        }
        throw new IllegalArgumentException(table);
    }

    @Test
    void aDeltaHasOnlyTheNotesThatChangedAndAllTheirRows() throws Exception {
        Path first = full(ExportFormat.JSONL, Selection.all());

        database.update("UPDATE note_media SET state = 'WAIVED' WHERE state = 'MISSING'");
        Path second = delta(ExportFormat.JSONL, first, Selection.all());

        assertThat(texts(lines(second.resolve("notes.jsonl")), "note_id")).containsExactly(VIDEO);
        assertThat(lines(second.resolve("captures.jsonl"))).hasSize(1);
        assertThat(lines(second.resolve("media.jsonl"))).hasSize(2);
        JsonNode since = manifest(second).path("since");
        Instant mark = Instant.parse(manifest(first).path("mark").stringValue());
        assertThat(Instant.parse(since.path("mark").stringValue())).isEqualTo(mark);
        assertThat(Instant.parse(since.path("start").stringValue())).isEqualTo(mark.minus(Duration.ofHours(1)));
        assertThat(since.path("manifestSha256").stringValue())
                .isEqualTo(sha256(Files.readAllBytes(first.resolve("manifest.json"))));
    }

    @Test
    void aTransactionThatIsOpenDuringAnExportIsInTheNextDelta() throws Exception {
        Path first;
        try (Connection connection = database.dataSource().getConnection()) {
            connection.setAutoCommit(false);
            connection.createStatement().execute("UPDATE note SET title = 'open' WHERE note_id = '" + BARE + "'");
            database.update("UPDATE note SET title = 'later' WHERE note_id = ?", FORMULA);
            first = full(ExportFormat.JSONL, Selection.all());
            connection.commit();
        }

        Path second = delta(ExportFormat.JSONL, first, Selection.all());

        assertThat(Files.readString(first.resolve("notes.jsonl")))
                .contains("later")
                .doesNotContain("open");
        assertThat(texts(lines(second.resolve("notes.jsonl")), "title")).contains("open");
    }

    @Test
    void aNoteThatTheCriteriaNoLongerMatchIsRemoved() throws Exception {
        Selection failed = selectionOf("state:failed");
        Path first = full(ExportFormat.JSONL, failed);

        database.update("UPDATE worklist SET state = 'PENDING', due_at = now() WHERE note_id = ?", VIDEO);
        database.update("INSERT INTO forgotten_note (note_id, forgotten_at, reason) VALUES (?, now(), 'asked')", BARE);
        Path second = delta(ExportFormat.JSONL, first, failed);

        assertThat(lines(second.resolve("notes.jsonl"))).isEmpty();
        List<JsonNode> removed = lines(second.resolve("removed.jsonl"));
        assertThat(removed)
                .extracting(
                        row -> row.path("note_id").stringValue(),
                        row -> row.path("cause").stringValue())
                .contains(tuple(VIDEO, "NOT_SELECTED"), tuple(BARE, "FORGOTTEN"));
        assertThat(texts(removed, "reason")).containsExactly("asked");
    }

    @ParameterizedTest
    @EnumSource(names = {"FOLDER", "MARKDOWN", "FOURCAT"})
    void formatsWithoutTablesListRemovedNotesBesideTheirFiles(ExportFormat format) throws Exception {
        Path first = full(format, Selection.all());

        database.update("INSERT INTO forgotten_note (note_id, forgotten_at) VALUES (?, now())", BARE);
        Path second = delta(format, first, Selection.all());

        assertThat(texts(lines(second.resolve("removed.jsonl")), "note_id")).containsExactly(BARE);
        assertThat(first.resolve("removed.jsonl")).doesNotExist();
    }

    @Test
    void aDeltaCopiesOnlyFilesWhoseSlotsChanged() throws Exception {
        ExportOptions options = options(
                ExportFormat.JSONL, directory.resolve("copies"), Selection.all(), MediaMode.COPY, AuthorMode.KEEP);
        export(options);
        Path manifest = directory.resolve("copies/manifest.json");

        database.update("UPDATE note SET title = 'new' WHERE note_id = ?", HOSTILE);
        database.update("UPDATE note_media SET width = 7 WHERE note_id = ? AND kind = 'AUDIO'", HOSTILE);
        Path second = directory.resolve("more");
        long copied = export(since(
                        manifest,
                        options(ExportFormat.JSONL, second, Selection.all(), MediaMode.COPY, AuthorMode.KEEP)))
                .copied();

        assertThat(copied).isEqualTo(1);
        assertThat(second.resolve(key("sound.m4a", "m4a"))).exists();
        assertThat(texts(lines(second.resolve("media.jsonl")), "path")).hasSize(4);
    }

    @Test
    void aDeltaIsTheSameBytesAgain() throws Exception {
        Path first = full(ExportFormat.JSONL, Selection.all());
        database.update("UPDATE note SET title = 'new' WHERE note_id = ?", HOSTILE);

        Path second = delta(ExportFormat.JSONL, first, Selection.all());
        Path again = delta(ExportFormat.JSONL, first, Selection.all());

        for (String file : List.of("notes.jsonl", "removed.jsonl", "manifest.json")) {
            assertThat(again.resolve(file)).hasSameBinaryContentAs(second.resolve(file));
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            state:failed | LINK | KEEP | 'has another selection: filter null instead of "state:failed"'
                         | NONE | KEEP | 'has another media mode: "link" instead of "none"'
                         | LINK | OMIT | has another authors
            author:x     | LINK | OMIT | does not name
            """)
    void anExportWithOtherOptionsIsRefused(String filter, MediaMode media, AuthorMode authors, String message)
            throws Exception {
        Path first = full(ExportFormat.JSONL, Selection.all());
        Selection selection = filter == null ? Selection.all() : selectionOf(filter);

        assertThatExceptionOfType(ExportException.class)
                .isThrownBy(() -> export(since(
                        first.resolve("manifest.json"), options(ExportFormat.CSV, target, selection, media, authors))))
                .withMessageContaining(message);
        assertThat(target).doesNotExist();
    }

    @Test
    void deltaWithResponsesRequiresAnExportWithResponses() throws Exception {
        Path first = full(ExportFormat.BAGIT, Selection.all());
        ExportOptions options =
                since(first.resolve("data/manifest.json"), options(ExportFormat.BAGIT, directory.resolve("bag")));

        assertThatExceptionOfType(ExportException.class)
                .isThrownBy(() -> export(with(options, "packaging", with(options.packaging(), "answers", true))))
                .withMessageContaining("has another packaging answers: false instead of true");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            {"manifestVersion": 1}
            no JSON
            {"manifestVersion": 2, "mark": "yesterday"}
            """)
    void aFileThatIsNoManifestOfThisVersionIsRefused(String text) throws Exception {
        Path manifest = Files.writeString(directory.resolve("manifest.json"), text);

        assertThatExceptionOfType(ExportException.class)
                .isThrownBy(() -> export(since(manifest, options(ExportFormat.CSV, target))))
                .withMessageContaining("is not a manifest.json of version 2");
    }

    @Test
    void claimsPlansAndAuditsChangeNothing() {
        Instant before = mark();

        database.update("""
                UPDATE worklist SET claimed_by = 'node', claimed_until = now(), claim_id = 1, refresh_night = current_date;
                UPDATE note_capture SET sidecar_verified_at = now();
                UPDATE note_media SET checks = 'x', updated_at = now(), captured_at = captured_at;
                UPDATE author SET updated_at = now()
                """);

        assertThat(mark()).isEqualTo(before);
    }

    private Instant mark() {
        try (var snapshot = snapshots(database.dataSource()).open(Selection.all(), null, null)) {
            return snapshot.mark();
        }
    }

    private Path full(ExportFormat format, Selection selection) throws Exception {
        Path out = directory.resolve("export" + ++exports);
        export(options(format, out, selection, format.usualMedia(), AuthorMode.KEEP));
        return out;
    }

    private Path delta(ExportFormat format, Path last, Selection selection) throws Exception {
        Path out = directory.resolve("export" + ++exports);
        export(since(
                last.resolve("manifest.json"), options(format, out, selection, format.usualMedia(), AuthorMode.KEEP)));
        return out;
    }

    private static Selection selectionOf(String filter) {
        return with(Selection.all(), "filter", NoteFilter.parse(filter));
    }

    private static ExportOptions since(Path manifest, ExportOptions options) {
        return with(options, "since", manifest);
    }

    private static JsonNode manifest(Path export) throws Exception {
        return json(export.resolve("manifest.json"));
    }
}
