package io.github.notearchive.maintenance.remap;

import io.github.notearchive.archive.catalog.StoredResponses;
import io.github.notearchive.archive.catalog.StoredResponses.Page;
import io.github.notearchive.io.Savepoint;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.batch.infrastructure.item.Chunk;
import org.springframework.batch.infrastructure.item.ItemWriter;
import org.springframework.dao.DataAccessException;

/**
 * Writes pages. A page that waits too long for rows locked by a run is rolled back and repeated, so that the run is
 * never part of a deadlock.
 */
final class RemapWriter implements ItemWriter<Page> {

    private static final Logger log = LoggerFactory.getLogger(RemapWriter.class);

    /** PostgreSQL's lock_not_available and deadlock_detected. */
    private static final Set<String> LOCKED = Set.of("55P03", "40P01");

    private static final int MAX_ATTEMPTS = 60;
    private static final Duration PAUSE = Duration.ofMillis(500);

    private final RemapRun run;
    private final StoredResponses responses;
    private final Savepoint savepoint;

    RemapWriter(RemapRun run, StoredResponses responses, Savepoint savepoint) {
        this.run = run;
        this.responses = responses;
        this.savepoint = savepoint;
    }

    @Override
    public void write(Chunk<? extends Page> pages) throws InterruptedException {
        for (Page page : pages) {
            write(page);
        }
    }

    /** Writes nothing if the remap is stopped during a wait: the next execution reads the page again. */
    private void write(Page page) throws InterruptedException {
        for (int attempt = 1; ; attempt++) {
            try {
                run.done(page, savepoint.execute(_ -> responses.write(page)));
                return;
            } catch (DataAccessException e) {
                if (attempt == MAX_ATTEMPTS || !isLocked(e)) {
                    throw e;
                }
                log.debug("The rows of a page are locked by another transaction; attempt {}", attempt, e);
                if (run.gate().isClosed()) {
                    return;
                }
                Thread.sleep(PAUSE);
            }
        }
    }

    /** Spring translates these states for single statements, but not for a batch. */
    private static boolean isLocked(Throwable failure) {
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (cause instanceof SQLException sql && LOCKED.contains(sql.getSQLState())) {
                return true;
            }
        }
        return false;
    }
}
