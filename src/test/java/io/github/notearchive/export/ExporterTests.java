package io.github.notearchive.export;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import com.zaxxer.hikari.HikariDataSource;
import io.github.notearchive.archive.query.NoteSnapshots.NamedIds;
import io.github.notearchive.archive.query.NoteSnapshots.Selection;
import io.github.notearchive.export.ExportOptions.AuthorMode;
import io.github.notearchive.export.ExportOptions.ExportFormat;
import io.github.notearchive.export.ExportOptions.MediaMode;
import io.github.notearchive.export.Exporter.ExportException;
import io.github.notearchive.export.Exporter.ExportReport;
import io.github.notearchive.note.MediaKind;
import io.github.notearchive.store.ObjectKey;
import io.github.notearchive.store.ObjectStore;
import io.github.notearchive.store.StoreException;
import io.github.notearchive.store.StoreFixture;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.apache.commons.codec.digest.HmacAlgorithms;
import org.apache.commons.codec.digest.HmacUtils;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import tools.jackson.core.type.TypeReference;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Exports are complete or absent, contain the selected notes, and no more personal data than selected. */
class ExporterTests extends ExportScenario {

    private static final Selection ALL = Selection.all();

    /** Notes and captures are given by the last digit of the note's id. */
    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            {}                                                                             | 1234 | 111234
            {"publishedFrom": "2026-02-20T00:00:00Z"}                                      | 2    | 2
            {"publishedTo": "2026-02-20T00:00:00Z"}                                        | 1    | 111
            {"capturedFrom": "2026-03-11T00:00:00Z", "capturedTo": "2026-03-12T00:00:00Z"} | 134  | 134
            {"topics": ["拍照,\\"姿势\\"", "author's"]}                                    | 1    | 111
            {"topics": ["t1"]}                                                             | 12   | 1112
            {"authors": ["5cc800000000000000000001"]}                                      | 12   | 1112
            {"authors": ["518955047"]}                                                     | 12   | 1112
            {"authors": ["松间<b>", "无名"]}                                               | 12   | 1112
            {"states": ["FAILED"]}                                                         | 3    | 3
            {"text": "untitled"}                                                           | 1    | 111
            {"filter": "state:failed"}                                                     | 3    | 3
            {"filter": "topic:t1 OR untitled", "states": ["FAILED"]}                        | ``   | ``
            {"text": "%"}                                                                  | ``   | ``
            {"text": "'; DROP TABLE note; --"}                                             | ``   | ``
            """)
    void aFilterLeavesWhatPasses(String criteria, String notes, String captures) throws Exception {
        Map<String, Object> given = JsonMapper.shared().readValue(criteria, new TypeReference<>() {});

        ExportReport report =
                export(options(ExportFormat.JSONL, target, selection(given), MediaMode.LINK, AuthorMode.KEEP));

        assertThat(ids(target.resolve("notes.jsonl"))).isEqualTo(withLastDigits(notes));
        assertThat(ids(target.resolve("captures.jsonl"))).isEqualTo(withLastDigits(captures));
        assertThat(withLastDigits(notes)).containsAll(ids(target.resolve("media.jsonl")));
        assertThat(report.isComplete()).isEqualTo(!notes.isEmpty());
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            {"authors": ["unknown"], "topics": ["t1"]}                    | author
            {"publishedFrom": "2030-01-01T00:00:00Z", "text": "%"}       | published-from text
            {"filter": "state:archived", "states": ["FAILED"]}           | ``
            """)
    void exportOfNoNotesNamesTheFiltersThatMatchNone(String criteria, String unmatched) throws Exception {
        Map<String, Object> given = JsonMapper.shared().readValue(criteria, new TypeReference<>() {});

        ExportReport report =
                export(options(ExportFormat.JSONL, target, selection(given), MediaMode.LINK, AuthorMode.KEEP));

        assertThat(report.isComplete()).isFalse();
        assertThat(String.join(" ", report.unmatched())).isEqualTo(unmatched);
    }

    private static List<String> withLastDigits(String digits) {
        return digits.chars()
                .mapToObj(digit -> HOSTILE.substring(0, 23) + (char) digit)
                .toList();
    }

    @Test
    void idsFromAFileThatWereNeverCapturedAreCountedAndNamed() throws Exception {
        Path ids = Files.writeString(
                directory.resolve("ids.txt"),
                "\ufeff%s\r\n\r\n%s \n%s\n%s\n"
                        .formatted(FORMULA, "65A000000000000000000004", "f".repeat(24), FORMULA));

        ExportReport report = exportIds(ExportFormat.CSV, target, ids);

        assertThat(report.rows()).containsEntry("notes", 2L);
        assertThat(report.isComplete()).isFalse();
        assertThat(report.ids()).isEqualTo(named(3, "f".repeat(24), FORMULA, BARE, "f".repeat(24)));
    }

    @Test
    void theWorklistHasNotesThatWereNeverCapturedWithTheirCallsUnlessTheCriteriaConcernContent() throws Exception {
        String pending = "65a000000000000000000009";
        database.update("""
                        INSERT INTO api_call (note_id, endpoint, sent_at, received_at, code, billed)
                        SELECT ?, 'note-detail/v1', at, at, code, 'NO'
                        FROM (VALUES (timestamptz '2026-04-01T00:00Z', 404), ('2026-04-02T00:00Z', 0),
                                     ('2026-04-02T01:00Z', 404), ('2026-04-03T00:00Z', 301)) AS calls (at, code)
                        """, FORMULA);

        export(options(ExportFormat.JSONL, target));
        Path failed = directory.resolve("failed");
        export(options(
                ExportFormat.JSONL,
                failed,
                selection(Map.of("states", List.of("PENDING", "FAILED"))),
                MediaMode.LINK,
                AuthorMode.KEEP));
        Path topic = directory.resolve("topic");
        export(options(
                ExportFormat.JSONL,
                topic,
                selection(Map.of("topics", List.of("t1"))),
                MediaMode.LINK,
                AuthorMode.KEEP));

        List<JsonNode> all = lines(target.resolve("worklist.jsonl"));
        assertThat(texts(all, "note_id")).containsExactly(HOSTILE, FORMULA, VIDEO, pending);
        assertThat(all.get(1).toString())
                .contains("\"calls\":5", "\"last_requested_at\":\"2026-04-03T00:00:00Z\"")
                .contains("\"missing_since\":\"2026-04-01T00:00:00Z\"")
                .contains("\"last_missing_at\":\"2026-04-02T01:00:00Z\"", "\"nights\":2", "\"codes\":\"0 404\"");
        assertThat(all.get(3).toString()).contains("\"calls\":0", "\"nights\":null", "\"state\":\"PENDING\"");
        assertThat(ids(failed.resolve("worklist.jsonl"))).containsExactly(VIDEO, pending);
        assertThat(ids(topic.resolve("worklist.jsonl"))).containsExactly(HOSTILE, FORMULA);
    }

    @Test
    void aNoteWhoseForgettingWasInterruptedIsNotExported() throws Exception {
        database.update("INSERT INTO forgotten_note (note_id, forgotten_at) VALUES (?, now())", HOSTILE);
        Path ids = Files.writeString(directory.resolve("ids.txt"), HOSTILE + "\n" + FORMULA);

        ExportReport all = export(options(ExportFormat.JSONL, directory.resolve("all")));
        ExportReport named = exportIds(ExportFormat.JSONL, target, ids);

        assertThat(all.rows()).containsEntry("notes", 3L).containsEntry("comments", 0L);
        assertThat(ids(directory.resolve("all").resolve("captures.jsonl"))).containsExactly(FORMULA, VIDEO, BARE);
        assertThat(named.rows()).containsEntry("notes", 1L);
        assertThat(named.ids()).isEqualTo(named(2, HOSTILE, HOSTILE, FORMULA));
    }

    private static NamedIds named(long named, String absent, String... ids) {
        return new NamedIds(named, sha256(String.join(" ", ids).getBytes(UTF_8)), 1, List.of(absent));
    }

    @Test
    void aLineThatIsNoIdIsNamedAndNothingIsExported() throws Exception {
        Path ids = Files.writeString(directory.resolve("ids.txt"), FORMULA + "\nhello\n");

        assertThatExceptionOfType(ExportException.class)
                .isThrownBy(() -> exportIds(ExportFormat.CSV, target, ids))
                .withMessageContaining("ids.txt, line 2: \"hello\"");
        assertNothingIsLeft();
    }

    @Test
    void concurrentChangesAreInNoTable() throws Exception {
        AtomicInteger rows = new AtomicInteger();
        String changes = "DELETE FROM note_topic; UPDATE note SET title = 'later'; DELETE FROM note_capture";

        ExportReport report = exporter().export(options(ExportFormat.JSONL, target), () -> {
            if (rows.getAndIncrement() == 5) {
                // in another thread, and so in another transaction
                CompletableFuture.runAsync(() -> database.update(changes)).join();
            }
            return false;
        });

        assertThat(rows.get()).isGreaterThan(10);
        assertThat(report.rows()).containsEntry("captures", 6L).containsEntry("topics", 3L);
        assertThat(Files.readString(target.resolve("notes.jsonl"))).doesNotContain("later");
    }

    @Test
    void aDirectoryThatHoldsAnythingIsRefusedAndAnEmptyOneIsTaken() throws Exception {
        Files.createDirectories(target);
        Files.writeString(target.resolve("thesis.txt"), "years of work");

        assertThatExceptionOfType(ExportException.class)
                .isThrownBy(() -> export(options(ExportFormat.CSV, target)))
                .withMessageContaining("is not empty");
        assertThat(target.toFile().list()).containsExactly("thesis.txt");

        Files.delete(target.resolve("thesis.txt"));
        Path link = Files.createSymbolicLink(directory.resolve("link"), target);
        assertThat(export(options(ExportFormat.CSV, link)).rows()).containsEntry("notes", 4L);
        assertThat(link).isSymbolicLink();
        assertThat(target.resolve("notes.csv")).isRegularFile();
    }

    @Test
    void anExportThatIsStoppedLeavesNothing() throws Exception {
        for (int row : new int[] {0, 1, 7, 20}) {
            AtomicInteger rows = new AtomicInteger();

            assertThatExceptionOfType(CancellationException.class)
                    .isThrownBy(() -> exporter()
                            .export(options(ExportFormat.BAGIT, target), () -> rows.getAndIncrement() == row));
            assertNothingIsLeft();
        }
    }

    @Test
    void unavailableStoreEndsAnExportThatLeavesNothing() throws Exception {
        try (ObjectStore away = StoreFixture.at("http://127.0.0.1:1", 1)) {
            Exporter exporter = exporter(database.dataSource(), away);

            assertThatExceptionOfType(StoreException.class)
                    .isThrownBy(() -> exporter.export(options(ExportFormat.BAGIT, target), () -> false))
                    .matches(StoreException::unreachable);
            assertNothingIsLeft();
            assertThat(exporter.export(options(ExportFormat.CSV, target), () -> false)
                            .rows())
                    .containsEntry("notes", 4L);
        }
    }

    /** A device that takes nothing, as a disk that is full. */
    @ParameterizedTest
    @CsvSource({
        "JSONL, notes.jsonl",
        "JSONL, captures.jsonl",
        "CSV, captures.csv",
        "PARQUET, captures.parquet",
        "FOLDER, notes/2026-02-10-65a000000000000000000001/note.json",
        "FOLDER, notes/2026-02-10-65a000000000000000000001/index.html",
        "FOLDER, manifest.json",
        "BAGIT, .ahead",
        "BAGIT, bagit.txt"
    })
    void fileThatCannotBeWrittenIsNamedByEachFormatAndNothingIsLeft(ExportFormat format, String path) throws Exception {
        String file = path.equals(".ahead") ? ".ahead/" + sha256(bytes("baseline.jpg")) : path;
        ExportOptions options = options(format, target);

        assertThatExceptionOfType(UncheckedIOException.class)
                .isThrownBy(() -> exporter().export(options, () -> {
                    takesNothing(file);
                    return false;
                }))
                .withMessageContaining("File " + file + " of the export to " + target)
                .withMessageContaining("No space left on device");
        assertNothingIsLeft();
    }

    /** Makes a file of the export that is being made one that takes nothing. */
    private void takesNothing(String path) {
        try (Stream<Path> siblings = Files.list(directory)) {
            Path file = siblings.findFirst().orElseThrow().resolve(path);
            if (!Files.isSymbolicLink(file)) {
                Files.createDirectories(file.getParent());
                Files.deleteIfExists(file);
                Files.createSymbolicLink(file, Path.of("/dev/full"));
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test
    void filesAreCopiedOnceUnderTheirKeysAndThoseThatAreGoneOrDamagedAreNamed() throws Exception {
        String film = key("film.mp4", "mp4");
        String heic = key("picture.heic", "heic");
        store.remove(film);
        store.putBytes(new ObjectKey(heic), new byte[] {1, 2, 3}, "image/heic");

        ExportReport report = export(options(ExportFormat.JSONL, target, ALL, MediaMode.COPY, AuthorMode.KEEP));

        assertThat(report.isComplete()).isFalse();
        assertThat(report.copied()).isEqualTo(2);
        assertThat(report.missing()).isEqualTo(2);
        assertThat(report.missingExamples())
                .extracting(ExportReport.MissingObject::key)
                .containsExactlyInAnyOrder(film, heic);
        String jpeg = key("baseline.jpg", "jpg");
        assertThat(target.resolve(jpeg)).hasBinaryContent(bytes("baseline.jpg"));
        assertThat(target.resolve(film)).doesNotExist();
        assertThat(target.resolve(heic)).doesNotExist();
        assertThat(texts(lines(target.resolve("media.jsonl")), "path"))
                .containsExactly(jpeg, key("sound.m4a", "m4a"), jpeg);
        JsonNode manifest = json(target.resolve("manifest.json"));
        assertThat(manifest.at("/media/missing").intValue()).isEqualTo(2);
        assertThat(texts(manifest.at("/media/missingObjects"), "objectKey")).containsExactlyInAnyOrder(film, heic);
        assertThat(texts(manifest.path("files"), "path")).contains(jpeg).doesNotContain(film, heic);
    }

    @ParameterizedTest
    @EnumSource(names = {"JSONL", "FOLDER", "BAGIT"})
    void filesAreCopiedWhileNoSnapshotIsOpen(ExportFormat format) throws Exception {
        AtomicInteger idle = new AtomicInteger();
        try (HikariDataSource pool = database.poolOf(1)) {
            pool.addDataSourceProperty("ApplicationName", "export as " + format);
            Exporter exporter = exporter(pool, store);

            ExportReport report = exporter.export(options(format, target, ALL, MediaMode.COPY, AuthorMode.KEEP), () -> {
                idle.addAndGet(idleSessions("export as " + format));
                return false;
            });

            assertThat(report.isComplete()).isTrue();
            assertThat(report.copied()).isPositive();
        }
        assertThat(idle.get()).as("files copied outside of a transaction").isEqualTo(4);
        assertThat(target.resolve(".ahead")).doesNotExist();
    }

    /** Sessions without a transaction, seen from another one. */
    private int idleSessions(String application) {
        return (int) database.count(
                "SELECT count(*) FROM pg_stat_activity WHERE application_name = ? AND state = 'idle'", application);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            {"mediaKinds": ["IMAGE"]}                       | 2 | baseline.jpg picture.heic
            {"mediaKinds": ["AUDIO", "VIDEO"]}              | 2 | film.mp4 sound.m4a
            {"mediaKinds": ["IMAGE"], "maxBytes": 645}      | 1 | picture.heic
            {"maxBytes": 2903}                              | 3 | baseline.jpg picture.heic film.mp4
            """)
    void onlyFilesOfTheKindsAndSizesAreCopiedAndAllRowsRemain(String criteria, long copied, String names)
            throws Exception {
        Map<String, Object> given = JsonMapper.shared().readValue(criteria, new TypeReference<>() {});
        Selection selection = selection(given);

        ExportReport report = export(options(ExportFormat.JSONL, target, selection, MediaMode.COPY, AuthorMode.KEEP));

        List<JsonNode> rows = lines(target.resolve("media.jsonl"));
        assertThat(rows).hasSize(7);
        assertThat(report.isComplete()).isTrue();
        for (JsonNode row : rows) {
            long size = row.path("size_bytes").asLong(0);
            boolean isSelected = row.path("sha256").isString()
                    && (selection.mediaKinds().isEmpty()
                            || selection
                                    .mediaKinds()
                                    .contains(MediaKind.valueOf(row.path("kind").stringValue())))
                    && (selection.maxBytes() == null || size <= selection.maxBytes());
            assertThat(row.path("path").isString()).as(row.toString()).isEqualTo(isSelected);
            assertThat(row.path("object_key").isString())
                    .isEqualTo(row.path("sha256").isString());
        }
        assertThat(report.copied()).isEqualTo(copied);
        JsonNode recorded = json(target.resolve("manifest.json")).path("selection");
        assertThat(recorded.path("mediaKinds").size())
                .isEqualTo(selection.mediaKinds().size());
        Path folder = directory.resolve("folder");
        export(options(ExportFormat.FOLDER, folder, selection, MediaMode.COPY, AuthorMode.KEEP));
        String page = Files.readString(folder.resolve("notes/2026-02-10-" + HOSTILE + "/index.html"));
        assertThat(page).doesNotContain("not available in the store");
        assertThat(page.contains("src=\"01.jpg\"")).isEqualTo(names.contains("baseline.jpg"));
        Path urls = directory.resolve("urls");
        export(options(ExportFormat.CSV, urls, selection, MediaMode.PRESIGNED, AuthorMode.KEEP));
        assertThat(Files.readString(urls.resolve("media.csv")).contains(".m4a?"))
                .isEqualTo(names.contains("sound.m4a"));
    }

    @Test
    void exportWithoutMediaHasNoKeysAndPaths() throws Exception {
        export(options(ExportFormat.JSONL, target, ALL, MediaMode.NONE, AuthorMode.KEEP));

        for (String table : List.of("notes", "media", "captures")) {
            assertThat(Files.readString(target.resolve(table + ".jsonl")))
                    .doesNotContain("object_key", "sidecar_key", "\"path\"", "media/");
        }
    }

    @Test
    void pseudonymsAreStableUnderAKeyAndNothingElseIdentifiesAPerson() throws Exception {
        Path key = Files.writeString(directory.resolve("key"), "sixteen bytes or more");
        Path other = Files.writeString(directory.resolve("other"), "another key of a length");

        List<String> first = authorsUnder(key, "1");
        List<String> again = authorsUnder(key, "2");
        List<String> others = authorsUnder(other, "3");
        List<String> drawn = authorsUnder(null, "4");

        assertThat(first).hasSize(5).allMatch(id -> id.matches("[0-9a-f]{32}"));
        // notes of one author, who is named in one of them
        assertThat(first.get(0)).isEqualTo(first.get(1)).isEqualTo(first.get(4));
        assertThat(first.get(2)).isEqualTo(first.get(3)).isNotEqualTo(first.get(0));
        assertThat(again).isEqualTo(first);
        assertThat(others).doesNotContainAnyElementsOf(first);
        assertThat(drawn).doesNotContainAnyElementsOf(first);
        assertThat(first.get(0)).isEqualTo(hmac("sixteen bytes or more", AUTHOR).substring(0, 32));
    }

    private List<String> authorsUnder(Path key, String name) throws Exception {
        Path out = directory.resolve("people" + name);
        export(options(ExportFormat.JSONL, out, ALL, MediaMode.LINK, AuthorMode.HASH, key, false));
        assertNoAuthorIsNamed(out);
        List<String> people = texts(lines(out.resolve("notes.jsonl")), "author_id");
        people.addAll(texts(lines(out.resolve("mentions.jsonl")), "user_id"));
        return people;
    }

    @ParameterizedTest
    @EnumSource
    void withoutAuthorsNoFileNamesOne(ExportFormat format) throws Exception {
        export(options(format, target, ALL, format.usualMedia(), AuthorMode.OMIT));

        assertNoAuthorIsNamed(target);
        // what is compressed hides a name, but not that of a column
        if (format == ExportFormat.PARQUET) {
            try (Duck duck = new Duck()) {
                for (String table : List.of("notes", "captures", "topics", "mentions", "comments", "media")) {
                    assertThat(duck.columns(Duck.read(format, target, table)).toString())
                            .doesNotContain("author", "user", "nickname", "creator", "avatar", "red_id");
                }
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void manifestNamesSelectedAuthorsLikeTheRows(AuthorMode people) throws Exception {
        Path key = Files.writeString(directory.resolve("key"), "sixteen bytes or more");
        Selection requested = selection(Map.of("authors", List.of(AUTHOR, "518955047")));
        List<String> expected = switch (people) {
            case KEEP -> List.of(AUTHOR, "518955047");
            case HASH -> List.of(hmac("sixteen bytes or more", AUTHOR).substring(0, 32));
            case OMIT -> List.of();
        };

        export(options(ExportFormat.JSONL, target, requested, MediaMode.LINK, people, key, false));

        JsonNode selection = json(target.resolve("manifest.json")).path("selection");
        assertThat(selection.path("authors")).extracting(JsonNode::stringValue).containsExactlyElementsOf(expected);
        assertThat(selection.path("authorsNotNamed").intValue()).isEqualTo(2 - expected.size());
        if (people != AuthorMode.KEEP) {
            assertNoAuthorIsNamed(target);
        }
    }

    @Test
    void aShortKeyIsRefused() throws Exception {
        Path key = Files.writeString(directory.resolve("key"), "short");

        assertThatExceptionOfType(ExportException.class)
                .isThrownBy(() ->
                        export(options(ExportFormat.CSV, target, ALL, MediaMode.LINK, AuthorMode.HASH, key, false)))
                .withMessageContaining("has 5 bytes, but needs 16");
        assertNothingIsLeft();
    }

    private static void assertNoAuthorIsNamed(Path out) throws Exception {
        try (var files = Files.walk(out)) {
            for (Path file : files.filter(Files::isRegularFile)
                    .filter(f -> !f.toString().matches(".*\\.(jpg|heic|mp4|m4a)"))
                    .toList()) {
                byte[] bytes = Files.readAllBytes(file);
                // a digest may contain the beginning of an id by chance
                assertThat(new String(bytes, UTF_8).replaceAll("\\b[0-9a-f]{64}\\b", ""))
                        .as(file.toString())
                        .doesNotContain(AUTHOR, "5cc8", "518955047", "松间", "朋友", "example.org");
            }
        }
    }

    private static String hmac(String key, String id) {
        return new HmacUtils(HmacAlgorithms.HMAC_SHA_256, key).hmacHex(id);
    }

    private static List<String> ids(Path file) throws Exception {
        return texts(lines(file), "note_id");
    }

    private ExportReport exportIds(ExportFormat format, Path out, Path ids) throws Exception {
        return export(idOptions(format, out, ids));
    }

    private static ExportOptions idOptions(ExportFormat format, Path out, Path ids) {
        return options(format, out, selection(Map.of("ids", ids.toString())), MediaMode.LINK, AuthorMode.KEEP);
    }

    /** Returns a selection with these criteria, by the names of its components. */
    private static Selection selection(Map<String, Object> criteria) {
        Map<String, Object> all = new HashMap<>(
                Map.of("topics", List.of(), "authors", List.of(), "states", List.of(), "mediaKinds", List.of()));
        all.putAll(criteria);
        return JsonMapper.shared().convertValue(all, Selection.class);
    }
}
