package io.github.notearchive.nightly;

import io.github.notearchive.archive.catalog.ErasureRepository.Files;
import io.github.notearchive.archive.catalog.ObjectRemoval;
import io.github.notearchive.batch.RunnerLock;
import io.github.notearchive.batch.RunnerLock.Scope;
import io.github.notearchive.io.DatabaseErrors;
import io.github.notearchive.store.StoreException;
import java.time.Duration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.boot.jdbc.autoconfigure.JdbcConnectionDetails;
import org.springframework.dao.DataAccessException;
import org.springframework.stereotype.Component;
import org.springframework.transaction.TransactionException;

/** Removes the objects that a run has replaced by better renditions. */
@Component
class ReplacedFiles {

    private static final Logger log = LoggerFactory.getLogger(ReplacedFiles.class);

    /** Maximum time of a removal after a run, since no run of another node can start meanwhile. */
    private static final Duration AFTER_A_RUN = Duration.ofSeconds(2);

    private final ObjectRemoval removal;
    private final JdbcConnectionDetails database;

    ReplacedFiles(ObjectRemoval removal, JdbcConnectionDetails database) {
        this.removal = removal;
        this.database = database;
    }

    /**
     * Removes the objects listed by a node's run, unless a run of another node or an audit is active. Takes
     * {@link #AFTER_A_RUN} at most; the rest is removed after a later run, also after an outage.
     */
    void removeAfterRun(String node) {
        try {
            if (!removal.isAnyListed()) {
                return;
            }
            try (RunnerLock lock =
                    RunnerLock.acquire(database, Scope.ARCHIVE, node).orElse(null)) {
                if (lock != null) {
                    Files removed = removal.removeListed(lock::requireHeld, AFTER_A_RUN);
                    log.info("Removed {} replaced files, {} bytes", removed.count(), removed.bytes());
                }
            }
        } catch (StoreException | DataAccessException | TransactionException e) {
            log.warn("Replaced files are removed after a later run: {}", DatabaseErrors.summary(e));
        }
    }
}
