package io.github.notearchive.io.jdbc;

import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.springframework.core.retry.RetryPolicy;
import org.springframework.core.retry.RetryTemplate;
import org.springframework.transaction.PlatformTransactionManager;
import org.springframework.transaction.TransactionDefinition;
import org.springframework.transaction.support.TransactionCallback;
import org.springframework.transaction.support.TransactionTemplate;

/** Template of a part of the step's transaction, which is rolled back alone if it fails. */
public final class Savepoint extends TransactionTemplate {

    private static final RetryTemplate RETRIES = new RetryTemplate(RetryPolicy.builder()
            .predicate(DatabaseErrors::isUndone)
            .maxRetries(2)
            .delay(Duration.ZERO)
            .build());

    public Savepoint(PlatformTransactionManager transactions) {
        super(transactions);
        setPropagationBehavior(TransactionDefinition.PROPAGATION_NESTED);
    }

    /**
     * Executes a part that rolls itself back if it fails; up to three times while the database rolls it back because of
     * other sessions, such as a deadlock.
     */
    public <T extends @Nullable Object> T executeRepeated(TransactionCallback<T> part) {
        return RETRIES.invoke(() -> execute(part));
    }
}
