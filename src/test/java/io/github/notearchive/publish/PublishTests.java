package io.github.notearchive.publish;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import io.github.notearchive.SmallArchive;
import io.github.notearchive.archive.query.NoteSnapshots;
import io.github.notearchive.archive.query.NoteSnapshots.Selection;
import io.github.notearchive.batch.ExitCode;
import io.github.notearchive.batch.RunnerLock;
import io.github.notearchive.batch.RunnerLock.Scope;
import io.github.notearchive.cli.ErrorTranslator;
import io.github.notearchive.export.Table.Column;
import io.github.notearchive.publish.PublishReport.PublishedTable;
import io.github.notearchive.store.ObjectKey;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Predicate;
import javax.sql.DataSource;
import org.apache.commons.io.function.IORunnable;
import org.apache.commons.io.function.Uncheck;
import org.apache.iceberg.Snapshot;
import org.apache.iceberg.Table;
import org.apache.iceberg.jdbc.JdbcCatalog;
import org.apache.iceberg.types.Types;
import org.awaitility.Awaitility;
import org.flywaydb.core.Flyway;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.postgresql.PGConnection;
import org.springframework.dao.ConcurrencyFailureException;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.jdbc.datasource.DelegatingDataSource;
import org.springframework.jdbc.datasource.DriverManagerDataSource;
import org.springframework.jdbc.support.JdbcTransactionManager;

/** Published tables have the rows of the archive, also after kills, erasures and lost objects. */
class PublishTests extends PublishScenario {

    @Test
    void publishedTablesHaveTheRowsOfAnExport() throws Exception {
        PublishReport report = publish();

        assertPublished();
        assertThat(report.tables()).extracting(PublishedTable::name).containsExactlyInAnyOrderElementsOf(TABLES);
        assertThat(report.tables())
                .allSatisfy(table -> assertThat(table.written()).isPositive());
    }

    @Test
    void publishWithoutChangesWritesNothing() throws Exception {
        publish();
        Map<String, String> before = objects();

        PublishReport second = publish();

        assertThat(second.tables())
                .extracting(PublishedTable::written, PublishedTable::replaced, PublishedTable::removed)
                .containsOnly(tuple(0, 0, 0L));
        assertThat(objects()).isEqualTo(before);
    }

    @Tag("long")
    @Test
    void changesOfTheArchiveArePublished() throws Exception {
        Random random = new Random(22);
        archive.makeOld("1 day");
        publish();
        for (int round = 0; round < 6; round++) {
            archive.makeOld("2 hours");
            for (int i = 0; i < 3; i++) {
                database.update(SmallArchive.CHANGES.get(random.nextInt(SmallArchive.CHANGES.size())));
            }

            publish();

            assertPublished();
        }
    }

    @Test
    void aCaptureIsAddedToTheFileOfItsMonthOnly() throws Exception {
        archive.makeOld("1 day");
        publish();
        List<String> before = keys();

        archive.capture(SmallArchive.HOSTILE, "2026-05-01T00:00Z", 30L);
        PublishReport report = publish();

        assertPublished();
        assertThat(keys())
                .filteredOn(key -> key.contains("captures/data") && !before.contains(key))
                .singleElement()
                .asString()
                .startsWith("lake/captures/data/65/2026-05/");
        assertThat(report.tables())
                .filteredOn(table -> table.name().equals("captures"))
                .extracting(PublishedTable::replaced)
                .containsExactly(0);
    }

    @Test
    void erasedRowsDisappearFromAllObjects() throws Exception {
        publish();
        database.update("UPDATE note SET title = title || '!' WHERE note_id = ?", SmallArchive.HOSTILE);
        publish();
        List<String> erased = List.of(SmallArchive.FORMULA, "evil.example\",\"看");
        assertThat(erased).allMatch(value -> objectsWith(value) >= 2);

        forgetRows(SmallArchive.FORMULA);
        publisher().removeErased(() -> {});

        assertThat(erased).allMatch(value -> objectsWith(value) == 0);
        assertPublished();
        try (JdbcCatalog catalog = catalog()) {
            assertThat(TABLES).allMatch(name -> snapshots(table(catalog, name)) == 1);
        }
    }

    /** A publish once, and no more, does not make each erasure publish all that is new. */
    @Test
    void anErasureRewritesOnlyItsPartitions() throws Exception {
        database.update("UPDATE forgotten_note SET finished_at = forgotten_at");
        publish();
        database.update("UPDATE note SET liked_count = 77");
        archive.capture(SmallArchive.HOSTILE, "2026-05-01T00:00Z", 30L);
        List<String> before = dataFiles();
        assertThat(before).anyMatch(isOfFormula().negate());

        forgetRows(SmallArchive.FORMULA);
        publisher().removeErased(() -> {});

        assertThat(dataFiles())
                .filteredOn(isOfFormula().negate())
                .isEqualTo(before.stream().filter(isOfFormula().negate()).toList());
        assertThat(objectsWith(SmallArchive.FORMULA)).isZero();
        publish();
        assertPublished();
    }

    @Test
    void anErasedPersonDisappearsFromNotesOfOthers() throws Exception {
        publish();
        assertThat(objectsWith("=朋友")).isPositive();

        database.update("""
                INSERT INTO forgotten_author (author_sha256, forgotten_at)
                SELECT person_sha256(user_id), now() FROM note_mention WHERE nickname = '=朋友'
                """);
        database.update("DELETE FROM note_mention WHERE nickname = '=朋友'");
        publisher().removeErased(() -> {});

        assertThat(objectsWith("=朋友")).isZero();
        assertPublished();
    }

    @Test
    void anErasureThatWasKilledAfterItsCommitIsCompleted() throws Exception {
        publish();
        forgetRows(SmallArchive.FORMULA);
        String old = keys().stream()
                .filter(key -> key.startsWith("lake/notes/data/65a/"))
                .findFirst()
                .orElseThrow();
        byte[] bytes = store.read(new ObjectKey(old));
        publisher().removeErased(() -> {});
        store.putBytes(new ObjectKey(old), bytes, "application/octet-stream");

        publisher().removeErased(() -> {});

        assertThat(objectsWith(SmallArchive.FORMULA)).isZero();
    }

    @Test
    void anErasureRemovesTablesThatTheCatalogDoesNotKnow() throws Exception {
        publish();
        database.update("TRUNCATE iceberg_tables, iceberg_namespace_properties");

        publisher().removeErased(() -> {});

        assertThat(keys()).isEmpty();
    }

    @Test
    void anErasureWithoutPublishedTablesPublishesNone() throws Exception {
        publisher().removeErased(() -> {});

        assertThat(keys()).isEmpty();
        assertThat(catalogRows()).isEmpty();
    }

    @Test
    void threeSnapshotsAreRetained() throws Exception {
        for (int i = 0; i < 6; i++) {
            database.update("UPDATE note SET liked_count = ? WHERE note_id = ?", i, SmallArchive.BARE);
            publish();
        }

        try (JdbcCatalog catalog = catalog()) {
            assertThat(snapshots(table(catalog, "notes"))).isEqualTo(3);
        }
        assertThat(keys())
                .filteredOn(key -> key.startsWith("lake/notes/data/65a/"))
                .hasSize(3);
        assertThat(keys())
                .filteredOn(key -> key.startsWith("lake/notes/metadata/"))
                .hasSizeLessThan(16);
    }

    @Test
    void objectsOfAKilledPublishAreRemoved() throws Exception {
        publish();
        store.putBytes(new ObjectKey("lake/notes/data/65a/orphan.parquet"), new byte[] {1}, "application/octet-stream");

        PublishReport report = publish();

        assertThat(report.tables()).extracting(PublishedTable::removed).containsExactlyInAnyOrder(1L, 0L, 0L);
        assertThat(keys()).noneMatch(key -> key.contains("orphan"));
    }

    /** Rows that are erased later would stay in it. */
    @Test
    void aKilledPublishLeavesNoFile() throws Exception {
        publisher()
                .publish(
                        false, null, () -> assertThat(directory.resolve("data")).isEmptyDirectory());
    }

    @Test
    void lostObjectsOfATableAreStoredAgain() throws Exception {
        publish();
        String metadata = catalogRows().get("notes");
        String file = keys().stream()
                .filter(key -> key.startsWith("lake/media/data/"))
                .findFirst()
                .orElseThrow();
        for (String lost : List.of(metadata.substring(metadata.indexOf("lake/")), file)) {
            store.remove(lost);

            publish();

            assertPublished();
        }
    }

    @Test
    void otherColumnsArePublishedForAllRows() throws Exception {
        publish();
        archive.makeOld("1 day");
        try (JdbcCatalog catalog = catalog()) {
            Table notes = table(catalog, "notes");
            notes.updateSchema()
                    .deleteColumn("title")
                    .addColumn("former", Types.ListType.ofOptional(1, Types.StringType.get()))
                    .commit();
            notes.updateProperties().set("note-archive.columns", "former").commit();
        }

        publish();

        assertPublished();
        try (JdbcCatalog catalog = catalog()) {
            assertThat(table(catalog, "notes").schema().findField("former")).isNull();
        }
    }

    /** The same rows have other values then, without a change that is marked. */
    @Test
    void anotherExpressionOfAColumnIsPublishedForAllRows() throws Exception {
        archive.makeOld("1 day");
        publish();
        updateWithoutTriggers("UPDATE note SET liked_count = 7");
        try (JdbcCatalog catalog = catalog()) {
            table(catalog, "notes")
                    .updateProperties()
                    .set("note-archive.columns", "former")
                    .commit();
        }

        publish();

        assertPublished();
    }

    @Test
    void digestDependsOnExpressions() {
        Layout layout = Layout.all().getFirst();
        var table = layout.table();
        List<Column> columns = table.columns().stream()
                .map(column -> new Column(
                        column.name(),
                        column.type(),
                        column.content(),
                        column.name().equals("title") ? "upper(note.title)" : column.expression(),
                        column.description(),
                        column.elements()))
                .toList();
        var other = new io.github.notearchive.export.Table(
                table.name(), table.source(), table.relation(), table.order(), table.joins(), columns);

        assertThat(new Layout(table, 3, false).digest()).isEqualTo(layout.digest());
        assertThat(new Layout(other, 3, false).digest()).isNotEqualTo(layout.digest());
    }

    @Test
    void connectionsThatAreCutDuringAPublishAreAnOutage() {
        List<Integer> servers = new CopyOnWriteArrayList<>();
        DataSource recorded = new DelegatingDataSource(database.dataSource()) {

            @Override
            public Connection getConnection() throws SQLException {
                Connection connection = super.getConnection();
                servers.add(connection.unwrap(PGConnection.class).getBackendPID());
                return connection;
            }
        };

        assertThatThrownBy(() -> publisher(store, recorded)
                        .publish(
                                true,
                                null,
                                () -> servers.forEach(pid -> database.jdbc()
                                        .sql("SELECT pg_terminate_backend(?)")
                                        .param(pid)
                                        .query()
                                        .singleValue())))
                .satisfies(
                        failure -> assertThat(ErrorTranslator.translate(failure).exitCode())
                                .isEqualTo(ExitCode.UPSTREAM_UNAVAILABLE));
    }

    @Test
    void oneProcessPublishesAtATime() throws Exception {
        try (RunnerLock _ =
                RunnerLock.acquire(database.details(), Scope.PUBLISH, "").orElseThrow()) {
            assertThat(publisher().publish(false)).isEmpty();
        }
        try (RunnerLock _ =
                RunnerLock.acquire(database.details(), Scope.ARCHIVE, "main").orElseThrow()) {
            assertThat(publisher().publish(false)).isEmpty();
        }
        assertThat(publisher().publish(false)).isPresent();
    }

    /** Rows of runs that end together are in the tables before the last of their processes ends. */
    @Test
    void changesDuringAPublishArePublishedAfterIt() throws Exception {
        CompletableFuture<Optional<PublishReport>> waiting;
        try (RunnerLock _ =
                RunnerLock.acquire(database.details(), Scope.PUBLISH, "").orElseThrow()) {
            waiting = CompletableFuture.supplyAsync(() -> publishAfterRun());
            Awaitility.await().until(() -> RunnerLock.isTaken(database.jdbc(), Scope.PUBLISH, "next"));
            database.update("UPDATE note SET liked_count = 7 WHERE note_id = ?", SmallArchive.BARE);

            assertThat(publishAfterRun()).as("a third process").isEmpty();
        }

        assertThat(waiting.get()).isPresent();
        assertPublished();
        assertThat(RunnerLock.isTaken(database.jdbc(), Scope.PUBLISH, "next")).isFalse();
    }

    @Test
    void partitionsThatARestoredDumpDoesNotHaveAreRemoved() throws Exception {
        publish();
        archive.makeOld("1 day");
        for (String table : List.of("note_media", "note_capture", "note_topic", "note")) {
            database.update("DELETE FROM " + table + " WHERE note_id LIKE '65d%'");
        }

        publish();

        assertPublished();
    }

    /** A publisher whose lock was lost, and taken by another one, does not add its files beside those of the other. */
    @Test
    void aPublisherWithoutItsLockCommitsNothing() throws Exception {
        publish();
        database.update("UPDATE note SET liked_count = 1 WHERE note_id = ?", SmallArchive.BARE);

        assertThatThrownBy(() -> publishOvertakenBy(() -> {
                    database.update("UPDATE note SET liked_count = 2 WHERE note_id = ?", SmallArchive.BARE);
                    publish();
                }))
                .isInstanceOf(ConcurrencyFailureException.class)
                .hasMessageContaining("repeat: note-archive publish");

        assertPublished();
    }

    /** An erasure that adds and removes no file is noticed as well: the publisher has older rows. */
    @Test
    void aPublisherWithoutItsLockAddsNoErasedRows() throws Exception {
        publish();
        database.update("UPDATE note SET liked_count = 1 WHERE note_id = ?", SmallArchive.FORMULA);

        assertThatThrownBy(() -> publishOvertakenBy(() -> {
                    forgetRows(SmallArchive.FORMULA);
                    publisher().removeErased(() -> {});
                }))
                .isInstanceOf(ConcurrencyFailureException.class);

        assertThat(objectsWith(SmallArchive.FORMULA)).isZero();
        assertPublished();
    }

    @Test
    void changesAfterARowOfTheFutureArePublished() throws Exception {
        updateWithoutTriggers(
                "UPDATE note SET changed_at = now() + interval '2 days' WHERE note_id = ?", SmallArchive.BARE);
        publish();
        database.update("UPDATE note SET liked_count = 7 WHERE note_id = ?", SmallArchive.FORMULA);

        publish();

        assertPublished();
    }

    @Test
    void versionHintNamesTheMetadataOfTheCatalog() throws Exception {
        publish();

        catalogRows().forEach((table, location) -> {
            byte[] hint = store.read(new ObjectKey("lake/" + table + "/metadata/version-hint.text"));

            assertThat(location).endsWith("/" + new String(hint, StandardCharsets.UTF_8) + ".metadata.json");
        });
    }

    /** Danish sorts {@code aa} as one letter after {@code z}. */
    @Test
    void rowsOfAPartitionAreFoundInADatabaseOfAnyCollation() {
        String name = "danish_" + System.nanoTime();
        database.update("CREATE DATABASE %s TEMPLATE template0 LOCALE_PROVIDER icu ICU_LOCALE 'da'".formatted(name));
        try {
            DataSource danish = new DriverManagerDataSource(
                    database.jdbcUrl().replaceFirst("[^/]*$", name), database.user(), database.password());
            Flyway.configure()
                    .dataSource(danish)
                    .locations("classpath:db/migration")
                    .load()
                    .migrate();
            List<String> ids =
                    List.of("65a000000000000000000001", "65aa00000000000000000002", "6aaaaaaaaaaaaaaaaaaaaaaa");
            for (String id : ids) {
                JdbcClient.create(danish)
                        .sql("INSERT INTO note (note_id, first_captured_at, last_captured_at) VALUES (?, now(), now())")
                        .param(id)
                        .update();
            }

            NoteSnapshots snapshots = new NoteSnapshots(JdbcClient.create(danish), new JdbcTransactionManager(danish));
            try (var rows = snapshots.open(Selection.all(), null, null)) {
                assertThat(rows.changedParts(3, false, null))
                        .extracting(part -> rows.rows("SELECT note_id FROM note WHERE " + part.condition("note", "note")
                                        + " ORDER BY 1")
                                .toList())
                        .containsExactly(ids.subList(0, 2), ids.subList(2, 3));
            }
        } finally {
            database.update("DROP DATABASE " + name + " WITH (FORCE)");
        }
    }

    /**
     * Publishes, and executes other work when the lock is first checked: in a thread without the transaction of this
     * one.
     */
    private void publishOvertakenBy(IORunnable other) throws IOException {
        AtomicBoolean isOvertaken = new AtomicBoolean();
        publisher().publish(false, null, () -> {
            if (!isOvertaken.getAndSet(true)) {
                CompletableFuture.runAsync(() -> Uncheck.run(other)).join();
            }
        });
    }

    private void updateWithoutTriggers(String sql, Object... parameters) {
        database.update("ALTER TABLE note DISABLE TRIGGER USER");
        database.update(sql, parameters);
        database.update("ALTER TABLE note ENABLE TRIGGER USER");
    }

    private List<String> dataFiles() {
        return keys().stream().filter(key -> key.contains("/data/")).toList();
    }

    private static Predicate<String> isOfFormula() {
        return key -> key.contains("/data/65a/") || key.contains("/data/65/");
    }

    private Optional<PublishReport> publishAfterRun() {
        return Uncheck.get(() -> {
            try {
                return publisher().publishAfterRun();
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
        });
    }

    private void forgetRows(String note) {
        database.update("INSERT INTO forgotten_note (note_id, forgotten_at) VALUES (?, now())", note);
        for (String table :
                List.of("note_topic", "note_mention", "note_comment", "note_media", "note_capture", "note")) {
            database.update("DELETE FROM " + table + " WHERE note_id = ?", note);
        }
    }

    private long objectsWith(String value) {
        return Uncheck.get(this::objects).values().stream()
                .filter(text -> text.contains(value))
                .count();
    }

    private static int snapshots(Table table) {
        int count = 0;
        for (Snapshot _ : table.snapshots()) {
            count++;
        }
        return count;
    }
}
