package io.github.notearchive.maintenance.remap;

import io.github.notearchive.archive.catalog.RemapChanges;
import io.github.notearchive.archive.catalog.StoredResponses;
import io.github.notearchive.archive.catalog.StoredResponses.Page;
import io.github.notearchive.batch.JobStopper;
import io.github.notearchive.io.Savepoint;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.batch.infrastructure.item.Chunk;
import org.springframework.batch.infrastructure.item.ItemWriter;
import org.springframework.dao.DataAccessException;
import org.springframework.stereotype.Component;
import org.springframework.transaction.PlatformTransactionManager;

/**
 * Writes pages, and gives way: whoever holds a row that it wants gets all of its own after half a second, sooner than
 * the database looks for those who wait for each other, and it tries again.
 */
@Component
class RemapWriter implements ItemWriter<Page> {

    private static final Logger log = LoggerFactory.getLogger(RemapWriter.class);

    /** PostgreSQL's lock_not_available and deadlock_detected. */
    private static final Set<String> GIVEN_UP = Set.of("55P03", "40P01");

    private static final int TRIES = 60;
    private static final Duration PAUSE = Duration.ofMillis(500);

    private final StoredResponses answers;
    private final JobStopper gate;
    private final ActiveRemaps remaps;
    private final Savepoint savepoint;

    RemapWriter(
            StoredResponses answers, JobStopper gate, ActiveRemaps remaps, PlatformTransactionManager transactions) {
        this.answers = answers;
        this.gate = gate;
        this.remaps = remaps;
        this.savepoint = new Savepoint(transactions);
    }

    @Override
    public void write(Chunk<? extends Page> pages) throws InterruptedException {
        for (Page page : pages) {
            Optional<RemapChanges> changes = write(page);
            if (changes.isPresent()) {
                remaps.current().done(page, changes.get());
            }
        }
    }

    /** Empty when the remap ended while it waited: then the page is read again by the next one. */
    private Optional<RemapChanges> write(Page page) throws InterruptedException {
        for (int tries = 1; ; tries++) {
            try {
                return Optional.of(savepoint.execute(_ -> answers.write(page)));
            } catch (DataAccessException e) {
                if (tries == TRIES || !isWaitGivenUp(e)) {
                    throw e;
                }
                log.debug("Somebody else writes the same rows; try {}", tries, e);
                if (gate.isClosed()) {
                    return Optional.empty();
                }
                Thread.sleep(PAUSE);
            }
        }
    }

    /** Spring knows these states of a single statement, but not of a batch. */
    private static boolean isWaitGivenUp(Throwable trouble) {
        for (Throwable cause = trouble; cause != null; cause = cause.getCause()) {
            if (cause instanceof SQLException sql && GIVEN_UP.contains(sql.getSQLState())) {
                return true;
            }
        }
        return false;
    }
}
