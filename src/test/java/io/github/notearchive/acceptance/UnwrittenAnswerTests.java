package io.github.notearchive.acceptance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** An answer that the database does not take outlives the process that bought it. */
@ExtendWith(OutsideServers.Running.class)
class UnwrittenAnswerTests {

    /** Connections of a run that the database has. */
    private static final String RUNNERS =
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND " + DatabaseFaults.RUNNER;

    @ParameterizedTest(name = "on {0} servers")
    @EnumSource(names = "OUTSIDE")
    void answersThatAFullDatabaseRefusesAreNotBoughtAgainAfterAKill(Place place) throws Exception {
        try (Practice practice = Practice.begin(place);
                Archive archive = practice.look()) {
            List<String> ids = practice.enqueue(12);
            archive.execute("""
                    CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS $$
                    BEGIN RAISE EXCEPTION 'could not extend file' USING ERRCODE = '53100'; END $$
                    """);
            archive.execute(
                    "CREATE TRIGGER full_disk BEFORE UPDATE ON api_call FOR EACH ROW EXECUTE FUNCTION full_disk()");
            Path answers =
                    practice.directory().resolve("data").resolve("answers").resolve("main");
            Program run = practice.start("run");
            await().atMost(Duration.ofSeconds(60)).until(() -> files(answers) == Practice.WORKERS);

            run.kill();
            archive.execute("DROP TRIGGER full_disk ON api_call");
            assertThat(archive.number("SELECT count(*) FROM api_call WHERE response IS NOT NULL"))
                    .isZero();
            practice.call("run").with(0);

            assertThat(practice.provider().bought()).containsExactlyInAnyOrderElementsOf(ids);
            assertThat(files(answers)).isZero();
            Audit.of(practice, archive, ids).isClean(0);
        }
    }

    @Test
    void answersThatAnUnreachableDatabaseCannotTakeAreNotBoughtAgainAfterAKill() throws Exception {
        try (Practice practice = Practice.begin(Place.OUTSIDE);
                Archive archive = practice.look();
                Proxy way = Proxy.before(database(practice))) {
            List<String> ids = practice.enqueue(12);
            practice.provider().holdAnswers();
            Program run = practice.startWith(
                    Map.of(
                            "ARCHIVE_DATABASE_URL",
                            practice.environment()
                                    .get("ARCHIVE_DATABASE_URL")
                                    .replaceFirst("//[^/]+/", "//127.0.0.1:" + way.port() + "/")),
                    "run");
            practice.provider().awaitHeld(Practice.WORKERS, Duration.ofSeconds(60));

            way.holdRequests(Proxy.ANY); // the network drops what is sent
            practice.provider().releaseAnswers();
            Path answers =
                    practice.directory().resolve("data").resolve("answers").resolve("main");
            // before the pool or a socket gives up, which takes fifteen seconds
            await().atMost(Duration.ofSeconds(10)).until(() -> files(answers) == Practice.WORKERS);
            run.kill();
            assertThat(archive.number("SELECT count(*) FROM api_call WHERE response IS NOT NULL"))
                    .isZero();
            way.cut();
            await().atMost(Duration.ofSeconds(60)).until(() -> archive.number(RUNNERS) == 0);
            practice.call("run").with(0);

            assertThat(practice.provider().bought()).containsExactlyInAnyOrderElementsOf(ids);
            assertThat(files(answers)).isZero();
            Audit.of(practice, archive, ids).isClean(0);
        }
    }

    private static URI database(Practice practice) {
        return URI.create(practice.environment().get("ARCHIVE_DATABASE_URL").substring("jdbc:".length()));
    }

    private static long files(Path directory) {
        if (!Files.isDirectory(directory)) {
            return 0;
        }
        try (Stream<Path> files = Files.list(directory)) {
            return files.filter(file -> file.toString().endsWith(".answer")).count();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
