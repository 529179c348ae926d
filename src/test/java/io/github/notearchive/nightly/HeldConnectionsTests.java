package io.github.notearchive.nightly;

import static org.assertj.core.api.Assertions.assertThat;

import com.zaxxer.hikari.HikariDataSource;
import io.github.notearchive.batch.ExitCode;
import io.github.notearchive.sandbox.SandboxNoteKind;
import java.net.ServerSocket;
import java.util.concurrent.CompletableFuture;
import javax.sql.DataSource;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.test.context.TestPropertySource;

/** Connections and memory that notes in progress hold while they wait. */
@BesideNightlyJobTest
@TestPropertySource(properties = "archive.workers=64")
class HeldConnectionsTests extends NightFixture {

    @Autowired
    DataSource dataSource;

    @Test
    void noConnectionIsHeldDuringCallsAndDownloads() throws Exception {
        night.pending(SandboxNoteKind.IMAGES, 6);
        night.provider().holdResponses();
        night.provider().holdMedia();
        CompletableFuture<RunSummary> run = night.runAside();

        night.provider().awaitHeld(6, NightlyScenario.PATIENCE);
        assertNoneIsHeld();
        night.provider().releaseResponses();
        night.provider().awaitHeldMedia(6, NightlyScenario.PATIENCE);
        assertNoneIsHeld();
        night.provider().releaseMedia();

        ended(run, ExitCode.COMPLETED);
    }

    @Test
    void noConnectionIsHeldDuringUploads() throws Exception {
        night.pending(SandboxNoteKind.IMAGES, 6);
        night.provider().holdMedia();
        CompletableFuture<RunSummary> run = night.runAside();
        night.provider().awaitHeldMedia(6, NightlyScenario.PATIENCE);

        try (ServerSocket silent = new ServerSocket(0)) {
            night.wayToStore().leadTo(silent.getLocalPort());
            night.provider().releaseMedia();
            silent.accept();
            assertNoneIsHeld();
        } finally {
            night.wayToStore().mend();
        }

        ended(run, ExitCode.COMPLETED);
    }

    /** As on a busy machine, each commit of a step takes long. */
    @Test
    void tenConnectionsServe64WorkersThatStopAtOnceAtALimit() throws Exception {
        night.pending(74);
        night.script().grants(10);
        night.update("""
                        CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS $$
                        BEGIN PERFORM pg_sleep(0.2); RETURN NULL; END $$;
                        CREATE CONSTRAINT TRIGGER slow AFTER UPDATE ON batch_step_execution
                            DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION slow()
                        """);
        try {
            night.run(ExitCode.QUOTA_EXHAUSTED);
        } finally {
            night.update("DROP FUNCTION slow CASCADE");
        }

        assertThat(pool().getMaximumPoolSize()).isEqualTo(10);
        assertThat(night.archived()).hasSize(10);
        assertThat(night.claims()).isZero();
        assertThat(night.rows("batch_step_execution WHERE status <> 'STOPPED'")).isZero();
    }

    private HikariDataSource pool() throws Exception {
        return dataSource.unwrap(HikariDataSource.class);
    }

    private void assertNoneIsHeld() throws Exception {
        HikariDataSource pool = pool();
        await("no connection is in use", () -> pool.getHikariPoolMXBean().getActiveConnections() == 0);
        assertThat(night.count("""
                        SELECT count(*) FROM pg_stat_activity
                        WHERE datname = current_database() AND state LIKE 'idle in transaction%'
                        """)).isZero();
    }
}
