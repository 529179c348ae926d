package io.github.notearchive.archive.catalog;

import io.github.notearchive.archive.catalog.ErasureRepository.File;
import io.github.notearchive.archive.catalog.ErasureRepository.Files;
import io.github.notearchive.store.ObjectStore;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;
import org.springframework.transaction.PlatformTransactionManager;
import org.springframework.transaction.support.TransactionTemplate;

/**
 * Removes the objects listed in {@code forgotten_object}: row, object and list entry, in this order. An interrupted
 * removal is resumed by the next one.
 *
 * <p>Requires the locks of the whole archive and of audits: a run with the same bytes in progress may have read the row
 * and would not store them, and an audit would report the objects as missing.
 */
@Component
public class ObjectRemoval {

    private static final int PAGE = 500;

    private final ErasureRepository rows;
    private final ObjectStore store;
    private final Clock clock;
    private final TransactionTemplate transaction;

    ObjectRemoval(ErasureRepository rows, ObjectStore store, Clock clock, PlatformTransactionManager transactions) {
        this.rows = rows;
        this.store = store;
        this.clock = clock;
        this.transaction = new TransactionTemplate(transactions);
    }

    public boolean isAnyListed() {
        return rows.toRemove().count() > 0;
    }

    /**
     * Removes the listed objects.
     *
     * @param requireLock called before each page; throws if the lock was lost
     * @param timeLimit time after which no further object is removed; null for no limit
     * @return removed files
     */
    public Files removeListed(Runnable requireLock, @Nullable Duration timeLimit) {
        long startedAt = System.nanoTime();
        long count = 0;
        long bytes = 0;
        List<File> files = next();
        while (!files.isEmpty()) {
            requireLock.run();
            for (File file : files) {
                if (timeLimit == null) {
                    store.remove(file.key());
                } else if (System.nanoTime() - startedAt > timeLimit.toNanos()) {
                    return new Files(count, bytes);
                } else {
                    store.removePromptly(file.key());
                }
                transaction.executeWithoutResult(_ -> rows.removed(file.key(), clock.instant()));
                count++;
                bytes += file.bytes();
            }
            files = next();
        }
        return new Files(count, bytes);
    }

    private List<File> next() {
        List<File> files = transaction.execute(_ -> rows.nextToRemove(PAGE));
        return files == null ? List.of() : files;
    }
}
