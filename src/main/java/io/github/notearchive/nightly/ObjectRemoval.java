package io.github.notearchive.nightly;

import io.github.notearchive.archive.catalog.ErasureRepository;
import io.github.notearchive.batch.RunnerLock;
import io.github.notearchive.io.DatabaseErrors;
import io.github.notearchive.store.ObjectStore;
import io.github.notearchive.store.StoreException;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.boot.jdbc.autoconfigure.JdbcConnectionDetails;
import org.springframework.dao.DataAccessException;
import org.springframework.stereotype.Component;
import org.springframework.transaction.PlatformTransactionManager;
import org.springframework.transaction.TransactionException;
import org.springframework.transaction.support.TransactionTemplate;

/**
 * Removes the objects listed in {@code forgotten_object}: row, object and list entry, in this order. An interrupted
 * removal is resumed by the next one.
 *
 * <p>Requires the lock of the whole archive: a run with the same bytes in progress may have read the row and would not
 * store them.
 */
@Component
public class ObjectRemoval {

    private static final Logger log = LoggerFactory.getLogger(ObjectRemoval.class);

    private static final int PAGE = 500;

    /** Maximum time of a removal after a run, since no run of another node can start meanwhile. */
    private static final Duration AFTER_A_RUN = Duration.ofSeconds(2);

    private final ErasureRepository rows;
    private final ObjectStore store;
    private final JdbcConnectionDetails database;
    private final Clock clock;
    private final TransactionTemplate transaction;

    ObjectRemoval(
            ErasureRepository rows,
            ObjectStore store,
            JdbcConnectionDetails database,
            Clock clock,
            PlatformTransactionManager transactions) {
        this.rows = rows;
        this.store = store;
        this.database = database;
        this.clock = clock;
        this.transaction = new TransactionTemplate(transactions);
    }

    /**
     * Removes all listed objects.
     *
     * @param locks locks of the caller, including that of the whole archive; checked before each page
     * @return removed files
     * @throws org.springframework.dao.DataAccessResourceFailureException if a lock was lost
     */
    public ErasureRepository.Files removeAll(List<RunnerLock> locks) throws SQLException {
        return remove(locks, null);
    }

    /**
     * Removes the objects listed by a node's run, unless a run of another node or an audit is active, which would
     * report them as missing. Takes {@link #AFTER_A_RUN} at most; the rest is removed after a later run, also after an
     * outage.
     */
    void removeAfterRun(String node) {
        try {
            if (rows.toRemove().count() == 0) {
                return;
            }
            try (RunnerLock lock = RunnerLock.ofArchive(database, node).orElse(null);
                    RunnerLock audits =
                            lock == null ? null : RunnerLock.ofAudits(database).orElse(null)) {
                if (lock != null && audits != null) {
                    ErasureRepository.Files removed = remove(List.of(lock, audits), AFTER_A_RUN);
                    log.info("Removed {} replaced files, {} bytes", removed.count(), removed.bytes());
                }
            }
        } catch (StoreException | SQLException | DataAccessException | TransactionException e) {
            log.warn("Replaced files are removed after a later run: {}", DatabaseErrors.describe(e));
        }
    }

    private ErasureRepository.Files remove(List<RunnerLock> locks, @Nullable Duration most) throws SQLException {
        long started = System.nanoTime();
        long count = 0;
        long bytes = 0;
        List<ErasureRepository.File> files = next();
        while (!files.isEmpty()) {
            for (RunnerLock lock : locks) {
                lock.requireHeld();
            }
            for (ErasureRepository.File file : files) {
                if (most != null && System.nanoTime() - started > most.toNanos()) {
                    return new ErasureRepository.Files(count, bytes);
                }
                if (most == null) {
                    store.remove(file.key());
                } else {
                    store.removePromptly(file.key());
                }
                transaction.executeWithoutResult(_ -> rows.removed(file.key(), clock.instant()));
                count++;
                bytes += file.bytes();
            }
            files = next();
        }
        return new ErasureRepository.Files(count, bytes);
    }

    private List<ErasureRepository.File> next() {
        List<ErasureRepository.File> files = transaction.execute(_ -> rows.nextToRemove(PAGE));
        return files == null ? List.of() : files;
    }
}
