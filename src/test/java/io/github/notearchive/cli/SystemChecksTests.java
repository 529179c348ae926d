package io.github.notearchive.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.github.notearchive.ArchiveDatabase;
import io.github.notearchive.archive.catalog.NoteCatalog;
import io.github.notearchive.archive.worklist.Enqueuer;
import io.github.notearchive.archive.worklist.WorklistRepository;
import io.github.notearchive.batch.ExitCode;
import io.github.notearchive.cli.CheckCommand.CheckFinding;
import io.github.notearchive.cli.CheckCommand.CheckFinding.Result;
import io.github.notearchive.embedded.DataDirectory;
import io.github.notearchive.embedded.EmbeddedStore;
import io.github.notearchive.export.Exporter;
import io.github.notearchive.io.TcpProxy;
import io.github.notearchive.maintenance.erase.Eraser;
import io.github.notearchive.maintenance.rebuild.RebuildRunner;
import io.github.notearchive.maintenance.remap.RemapRunner;
import io.github.notearchive.maintenance.verify.VerifyRunner;
import io.github.notearchive.maintenance.waive.Waiver;
import io.github.notearchive.nightly.NightlyJobRunner;
import io.github.notearchive.nightly.RunOptions;
import io.github.notearchive.nightly.plan.NightPlanner;
import io.github.notearchive.report.HealthCheck;
import io.github.notearchive.report.NightReports;
import io.github.notearchive.report.NoteHistories;
import io.github.notearchive.sandbox.ScriptableSandbox;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.Connection;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.sql.DataSource;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.flywaydb.core.Flyway;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.springframework.boot.flyway.autoconfigure.FlywayMigrationInitializer;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.jdbc.datasource.DriverManagerDataSource;
import org.springframework.jdbc.datasource.SingleConnectionDataSource;

class SystemChecksTests {

    private static final String TOKEN = "token-5f0c2c1b";

    @TempDir
    Path home;

    private final ArchiveDatabase server = ArchiveDatabase.running();
    private final ScriptableSandbox provider = ScriptableSandbox.start(ScriptableSandbox.DEFAULTS, TOKEN, 2_048);
    private final Map<String, String> settings = new HashMap<>();
    private String name;
    private DataDirectory directory;
    private EmbeddedStore store;

    @BeforeEach
    void begin() {
        name = "check_" + System.nanoTime();
        server.jdbc().sql("CREATE DATABASE " + name).update();
        directory = DataDirectory.open(home.resolve("store"));
        store = new EmbeddedStore(directory, false);
        settings.put("archive.data-dir", home.resolve("data").toString());
        settings.put("archive.source.token", TOKEN);
        settings.put("archive.source.base-url", provider.baseUrl().toString());
        settings.put("archive.store.endpoint", store.endpoint().toString());
        settings.put("archive.store.access-key", store.accessKey());
        settings.put("archive.store.secret-key", store.secretKey());
        settings.put("archive.store.tries", "1");
        settings.put("archive.media.max-file-size", "1MB");
        settings.put("archive.media.max-spool-size", "1MB");
        settings.put("spring.datasource.url", url());
        settings.put("spring.datasource.username", server.user());
        settings.put("spring.datasource.password", server.password());
    }

    @AfterEach
    void end() {
        directory.close();
        provider.close();
        server.jdbc().sql("DROP DATABASE " + name + " WITH (FORCE)").update();
    }

    @Test
    void newArchiveIsReadyAndUnchanged() throws Exception {
        Map<String, CheckFinding> found = check();

        assertThat(found)
                .allSatisfy((_, finding) -> assertThat(finding.exitCode()).isNull());
        assertThat(found.keySet())
                .containsExactlyInAnyOrder(
                        "java,settings,token,data directory,disk space,database,schema,rebuild,store,provider,clock,gate,pictures"
                                .split(","));
        assertThat(exitCode(found)).isEqualTo(ExitCode.COMPLETED);
        assertThat(found.get("schema")).extracting(CheckFinding::result).isEqualTo(Result.OK);
        assertThat(found.get("schema").message()).startsWith("empty");
        assertThat(found.get("store").message()).contains("the first run creates it");
        assertThat(found.get("provider").message()).contains("/ping with HTTP 200");
        assertThat(found.get("clock").message()).isEqualTo("at most 5 s from the provider's clock");
        assertThat(List.of("rebuild", "gate"))
                .allSatisfy(of -> assertThat(found.get(of).result()).isEqualTo(Result.SKIPPED));
        assertThat(count("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"))
                .isZero();
        assertThat(home.resolve("data")).doesNotExist();
        assertThat(home.resolve("store/s3/note-archive")).doesNotExist();
        assertThat(provider.calls()).isZero();
    }

    @ParameterizedTest
    @CsvSource({"25, WARNING", "25.0.3+9-LTS, WARNING", "25.0.4+7, OK", "25.0.5.1+2-Debian, OK", "26, OK"})
    void javaWhoseVirtualThreadsMayHangIsAWarning(String version, Result result) {
        CheckFinding java = SystemChecks.java(Runtime.Version.parse(version));

        assertThat(java.result()).isEqualTo(result);
        assertThat(java.message().contains("JDK-8369227")).isEqualTo(result == Result.WARNING);
    }

    @Test
    void migrationMayTakeLongerThanTheTimeoutsOfThePool() {
        settings.put("spring.datasource.hikari.data-source-properties.socketTimeout", "1");
        try (CommandContext context = CommandContext.open(settings, null)) {
            JdbcClient migration = JdbcClient.create(
                    context.get(Flyway.class).getConfiguration().getDataSource());
            assertThat(text(migration, "SELECT pg_sleep(1.2)::text")).isEmpty();
            assertThat(text(migration, "SHOW lock_timeout")).isEqualTo("0");

            context.get(FlywayMigrationInitializer.class);
            assertThat(count("SELECT count(*) FROM worklist")).isZero();
        }
    }

    private static String text(JdbcClient database, String sql) {
        return database.sql(sql).query(String.class).single();
    }

    @Test
    void archiveBehindPgBouncerIsCheckedAndMigratedAndItsSessionsKeepTheirLockTimeout() throws Exception {
        try (PgBouncer bouncer = PgBouncer.before(server, name, home.resolve("pgbouncer"))) {
            settings.put("spring.datasource.url", bouncer.jdbcUrl());

            assertThat(check())
                    .allSatisfy((_, finding) -> assertThat(finding.exitCode()).isNull());
            try (CommandContext context = CommandContext.open(settings, null)) {
                context.get(FlywayMigrationInitializer.class);
                try (Connection connection = context.get(DataSource.class).getConnection()) {
                    JdbcClient session = JdbcClient.create(new SingleConnectionDataSource(connection, true));
                    assertThat(text(session, "SHOW lock_timeout")).isEqualTo("1min");
                    assertThat(text(session, "SHOW default_toast_compression")).isEqualTo(text(session, """
                                    SELECT CASE WHEN 'lz4' = ANY (enumvals) THEN 'lz4' ELSE 'pglz' END
                                    FROM pg_settings WHERE name = 'default_toast_compression'
                                    """));
                    connection.setAutoCommit(false);
                    session.sql("SET LOCAL lock_timeout = '1s'").update();
                    connection.rollback();
                    assertThat(text(session, "SHOW lock_timeout")).isEqualTo("1min");
                }
            }
            assertThat(check().get("schema").message()).startsWith("up to date");
        }
        assertThat(count("SELECT count(*) FROM worklist")).isZero();
    }

    @Test
    void pendingResponsesOfARenamedNodeAreAWarning() throws Exception {
        Path renamed = Files.createDirectories(home.resolve("data/answers/renamed"));
        Files.createFile(renamed.resolve("1.answer"));

        CheckFinding directory = check().get("data directory");

        assertThat(directory.result()).isEqualTo(Result.WARNING);
        assertThat(directory.message()).contains("1 paid responses of node renamed in " + renamed, "the next run");
    }

    @Test
    void closedGateAndMachineAreWarnings() throws Exception {
        Path data = home.resolve("data");
        Files.createDirectory(data, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwxr-xr-x")));
        Files.createDirectories(home.resolve("store/s3/note-archive"));
        settings.put("archive.media.max-spool-size", "1000TB");
        migrate();
        jdbc().sql("""
                        INSERT INTO source_gate (code, reason, closed_at, closed_until)
                        VALUES (303, 'the daily quota', now() - interval '1 minute', now() + interval '90 minutes');
                        """).update();

        Map<String, CheckFinding> found = check(Clock.offset(Clock.systemUTC(), Duration.ofMinutes(-10)));

        assertThat(found)
                .allSatisfy((_, finding) -> assertThat(finding.result()).isNotEqualTo(Result.FAILED));
        assertThat(found)
                .allSatisfy((_, finding) -> assertThat(finding.result()).isNotEqualTo(Result.SKIPPED));
        assertThat(exitCode(found)).isEqualTo(ExitCode.COMPLETED);
        assertThat(found.get("schema").message()).startsWith("up to date, version ");
        assertWarns(found, "data directory", "rwxr-xr-x", "chmod 700");
        assertWarns(found, "disk space", "archive.media.max-spool-size", "1099.5 TB");
        assertWarns(found, "clock", "behind the provider's; set it (NTP)");
        assertWarns(found, "gate", "the daily quota", "in 1 h", "--force");
        assertThat(found.get("store").message()).endsWith("an object was written, read back, compared and deleted");
        try (Stream<Path> objects = Files.walk(home.resolve("store/s3/note-archive"))) {
            assertThat(objects.filter(Files::isRegularFile)).isEmpty();
        }
        try (Stream<Path> files = Files.list(data)) {
            assertThat(files).isEmpty();
        }
        assertThat(provider.calls()).isZero();
    }

    @Test
    void schemaOfAnotherVersionIsReportedAndUnchanged() throws Exception {
        migrate();
        long newest = count("SELECT max(installed_rank) FROM flyway_schema_history");
        jdbc().sql("DELETE FROM flyway_schema_history WHERE installed_rank = " + newest)
                .update();

        Map<String, CheckFinding> older = check();

        assertWarns(older, "schema", "applies 1 migration");
        assertThat(older.get("gate").result()).isEqualTo(Result.SKIPPED);
        assertThat(exitCode(older)).isEqualTo(ExitCode.COMPLETED);
        assertThat(count("SELECT max(installed_rank) FROM flyway_schema_history"))
                .isEqualTo(newest - 1);

        recordMigrationOfTomorrow(newest);
        Map<String, CheckFinding> newer = check();

        assertThat(newer.get("schema").result()).isEqualTo(Result.FAILED);
        assertThat(newer.get("schema").message()).contains("version 990", "newer version");
        assertThat(exitCode(newer)).isEqualTo(ExitCode.USAGE);
    }

    @Test
    void noCommandUsesTheSchemaOfANewerVersion() {
        List<Class<?>> parts = new ArrayList<>(List.of(NightlyJobRunner.class, Enqueuer.class, VerifyRunner.class));
        parts.addAll(
                List.of(RebuildRunner.class, RemapRunner.class, WorklistRepository.class, Waiver.class, Eraser.class));
        parts.addAll(List.of(Exporter.class, NightPlanner.class, HealthCheck.class, NoteCatalog.class));
        parts.addAll(List.of(NoteHistories.class, NightReports.class));
        migrate();
        long migrations = count("SELECT count(*) FROM flyway_schema_history");
        recordMigrationOfTomorrow(migrations + 1);

        try (CommandContext context = CommandContext.open(settings, null)) {
            assertThat(parts)
                    .allSatisfy(part -> assertRefused(
                            () -> {
                                if (context.get(part) instanceof NightlyJobRunner runner) {
                                    runner.prepare(new RunOptions(null, null, false, "main"))
                                            .close();
                                }
                            },
                            "version 990"));
        }
        assertThat(count("SELECT count(*) FROM flyway_schema_history")).isEqualTo(migrations + 1);
    }

    private static void assertRefused(ThrowingCallable use, String... parts) {
        assertThat(ErrorTranslator.explain(catchThrowable(use))).hasValueSatisfying(failure -> {
            assertThat(failure.exitCode()).isEqualTo(ExitCode.USAGE);
            assertThat(failure).hasMessageContainingAll(parts).hasMessageContaining("nothing was written");
        });
    }

    @Test
    void schemaOfReplacedMigrationsIsRefused() throws Exception {
        migrate();
        jdbc().sql("UPDATE flyway_schema_history SET checksum = 1 WHERE version = '2'")
                .update();

        try (CommandContext context = CommandContext.open(settings, null)) {
            assertThat(ErrorTranslator.translate(catchThrowable(() -> context.get(Enqueuer.class)))
                            .exitCode())
                    .isEqualTo(ExitCode.USAGE);
        }
        assertThat(exitCode(check())).isEqualTo(ExitCode.USAGE);
    }

    private void migrate() {
        try (CommandContext context = CommandContext.open(settings, null)) {
            context.get(FlywayMigrationInitializer.class);
        }
    }

    private void recordMigrationOfTomorrow(long rank) {
        jdbc().sql("""
                        INSERT INTO flyway_schema_history (installed_rank, version, description, type, script, installed_by,
                                                           execution_time, success)
                        VALUES (:rank, '990', 'of tomorrow', 'SQL', 'V990__of_tomorrow.sql', 'test', 1, true)
                        """).param("rank", rank).update();
    }

    @Test
    void everyCheckRunsAlthoughOthersFail() throws Exception {
        String closed = "127.0.0.1:" + TcpProxy.closedPort();
        Path file = Files.writeString(home.resolve("a-file"), "text");
        settings.put("archive.data-dir", file.toString());
        settings.put("archive.verify.parallel", "0");
        settings.put("archive.limits.stop-at", "noon");
        settings.put("archive.source.base-url", "http://" + closed);
        settings.put("archive.source.token", "<" + TOKEN + ">");
        settings.put("archive.store.endpoint", "http://" + closed);
        settings.put("spring.datasource.url", "jdbc:postgresql://" + closed + "/archive");

        Map<String, CheckFinding> found = check();

        assertThat(found).hasSize(13);
        assertFails(found, "settings", ExitCode.USAGE, "archive.verify.parallel", "\"0\"", "07:30", "noon");
        assertFails(found, "data directory", ExitCode.USAGE, file.toString(), "is no writable directory");
        assertFails(found, "database", ExitCode.UPSTREAM_UNAVAILABLE, closed);
        assertFails(found, "store", ExitCode.UPSTREAM_UNAVAILABLE, closed);
        assertFails(found, "provider", ExitCode.UPSTREAM_UNAVAILABLE, closed);
        assertWarns(found, "token", "JUSTONEAPI_TOKEN", "quotes");
        assertThat(List.of("schema", "rebuild", "clock", "gate"))
                .allSatisfy(of -> assertThat(found.get(of).result()).isEqualTo(Result.SKIPPED));
        assertThat(exitCode(found)).isEqualTo(ExitCode.USAGE);

        settings.put("archive.verify.parallel", "1");
        settings.put("archive.limits.stop-at", "");
        settings.put("archive.data-dir", home.resolve("data").toString());
        settings.put("archive.source.token", "");
        settings.put("archive.store.endpoint", store.endpoint().toString());
        settings.put("archive.store.secret-key", "wrong-secret-91");
        settings.put("spring.datasource.url", url());
        settings.put("spring.datasource.password", "wrong-password-17");
        Map<String, CheckFinding> refused = check();

        assertFails(refused, "token", ExitCode.USAGE, "JUSTONEAPI_TOKEN");
        assertFails(refused, "database", ExitCode.USAGE, "ARCHIVE_DATABASE_PASSWORD");
        assertFails(refused, "store", ExitCode.USAGE, "archive.store.secret-key");
        assertThat(refused.get("settings").result()).isEqualTo(Result.OK);
    }

    private Map<String, CheckFinding> check() throws InterruptedException {
        return check(null);
    }

    private Map<String, CheckFinding> check(@Nullable Clock clock) throws InterruptedException {
        List<CheckFinding> findings = SystemChecks.all(settings, clock);
        String printed = ConsoleText.render("check", new CheckCommand.CheckReport(Instant.EPOCH, 0, findings));
        assertThat(List.of(TOKEN, server.password(), store.secretKey(), "wrong-secret-91", "wrong-password-17"))
                .noneMatch(printed::contains);
        assertThat(printed.lines()).hasSize(findings.size() + 1);
        return findings.stream().collect(Collectors.toMap(CheckFinding::name, finding -> finding));
    }

    private static ExitCode exitCode(Map<String, CheckFinding> found) {
        return CheckCommand.exitCode(List.copyOf(found.values()));
    }

    private static void assertWarns(Map<String, CheckFinding> found, String of, String... parts) {
        assertThat(found.get(of).result()).as(found.get(of).toString()).isEqualTo(Result.WARNING);
        assertThat(found.get(of).message()).contains(parts);
    }

    private static void assertFails(Map<String, CheckFinding> found, String of, ExitCode exitCode, String... parts) {
        assertThat(found.get(of).result()).as(found.get(of).toString()).isEqualTo(Result.FAILED);
        assertThat(found.get(of).exitCode()).isEqualTo(exitCode);
        assertThat(found.get(of).message()).contains(parts);
    }

    private String url() {
        return server.jdbcUrl().replaceFirst("/[^/?]*(\\?|$)", "/" + name + "$1");
    }

    private JdbcClient jdbc() {
        return JdbcClient.create(new DriverManagerDataSource(url(), server.user(), server.password()));
    }

    private long count(String sql) {
        return jdbc().sql(sql).query(Long.class).single();
    }
}
