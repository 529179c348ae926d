package io.github.notearchive.acceptance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.github.notearchive.io.TcpProxy;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** A paid response that the database does not accept survives the process that bought it. */
@ExtendWith(OutsideServers.Running.class)
class UnwrittenAnswerTests {

    /** Connections of a run that the database has. */
    private static final String RUNNERS =
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND " + DatabaseFaults.RUNNER;

    @Test
    void responsesThatAFullDatabaseRejectsAreNotBoughtAgainAfterAKill() throws Exception {
        try (Practice practice = Practice.begin(Place.OUTSIDE);
                Archive archive = practice.look()) {
            List<String> ids = practice.enqueue(12);
            archive.execute("""
                    CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS $$
                    BEGIN RAISE EXCEPTION 'could not extend file' USING ERRCODE = '53100'; END $$
                    """);
            archive.execute(
                    "CREATE TRIGGER full_disk BEFORE UPDATE ON api_call FOR EACH ROW EXECUTE FUNCTION full_disk()");
            Program run = practice.start("run");
            await().atMost(Duration.ofSeconds(60)).until(() -> practice.spooledResponses() == Practice.WORKERS);

            run.kill();
            archive.execute("DROP TRIGGER full_disk ON api_call");
            assertThat(archive.number("SELECT count(*) FROM api_call WHERE response IS NOT NULL"))
                    .isZero();
            practice.call("run").with(0);

            assertThat(practice.provider().bought()).containsExactlyInAnyOrderElementsOf(ids);
            assertThat(practice.spooledResponses()).isZero();
            Audit.of(practice, archive, ids).isClean(0);
        }
    }

    @Test
    void responsesThatAnUnreachableDatabaseMissedAreNotBoughtAgainAfterAKill() throws Exception {
        try (Practice practice = Practice.begin(Place.OUTSIDE);
                Archive archive = practice.look();
                TcpProxy way = TcpProxy.before(practice.databaseAddress())) {
            List<String> ids = practice.enqueue(12);
            practice.provider().holdAnswers();
            Program run = practice.startWith(Map.of("ARCHIVE_DATABASE_URL", practice.databaseUrl(way)), "run");
            practice.provider().awaitHeld(Practice.WORKERS, Duration.ofSeconds(60));

            way.holdRequests(TcpProxy.ANY); // the network drops what is sent
            practice.provider().releaseAnswers();
            // before the pool or a socket gives up, which takes fifteen seconds
            await().atMost(Duration.ofSeconds(10)).until(() -> practice.spooledResponses() == Practice.WORKERS);
            run.kill();
            assertThat(archive.number("SELECT count(*) FROM api_call WHERE response IS NOT NULL"))
                    .isZero();
            way.cut();
            await().atMost(Duration.ofSeconds(60)).until(() -> archive.number(RUNNERS) == 0);
            practice.call("run").with(0);

            assertThat(practice.provider().bought()).containsExactlyInAnyOrderElementsOf(ids);
            assertThat(practice.spooledResponses()).isZero();
            Audit.of(practice, archive, ids).isClean(0);
        }
    }
}
