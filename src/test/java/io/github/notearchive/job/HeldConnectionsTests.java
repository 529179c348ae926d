package io.github.notearchive.job;

import static io.github.notearchive.job.Night.assertEnded;
import static io.github.notearchive.job.Night.ended;
import static org.assertj.core.api.Assertions.assertThat;

import com.zaxxer.hikari.HikariDataSource;
import io.github.notearchive.sandbox.SandboxNoteKind;
import java.util.concurrent.CompletableFuture;
import javax.sql.DataSource;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;

/** What notes in work hold of the database while they wait for others. */
@BesideArchiveJobTest
class HeldConnectionsTests {

    @Autowired Night night;
    @Autowired DataSource dataSource;

    @Test
    void noConnectionIsHeldWhileAnAnswerOrFilesAreWaitedFor() throws Exception {
        night.pending(SandboxNoteKind.IMAGES, 6);
        night.provider().holdAnswers();
        night.provider().holdMedia();
        CompletableFuture<RunSummary> run = night.runAside();

        night.provider().awaitHeld(6, Night.PATIENCE);
        assertNoneIsHeld();
        night.provider().releaseAnswers();
        night.provider().awaitHeldMedia(6, Night.PATIENCE);
        assertNoneIsHeld();
        night.provider().releaseMedia();

        assertEnded(ended(run), ExitCode.COMPLETED);
    }

    private void assertNoneIsHeld() throws Exception {
        HikariDataSource pool = dataSource.unwrap(HikariDataSource.class);
        Night.await(
                "no connection is in use",
                () -> pool.getHikariPoolMXBean().getActiveConnections() == 0);
        assertThat(
                        night.sql()
                                .sql(
                                        """
                                        SELECT count(*) FROM pg_stat_activity
                                        WHERE datname = current_database() AND state LIKE 'idle in transaction%'
                                        """)
                                .query(Integer.class)
                                .single())
                .isZero();
    }
}
