package io.github.notearchive.io;

import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.springframework.dao.DataAccessException;
import org.springframework.transaction.PlatformTransactionManager;
import org.springframework.transaction.TransactionDefinition;
import org.springframework.transaction.support.TransactionCallback;
import org.springframework.transaction.support.TransactionTemplate;

/** A part of the step's transaction, which is undone alone when it fails. */
public final class Savepoint extends TransactionTemplate {

    private static final int TRIES = 3;

    public Savepoint(PlatformTransactionManager transactions) {
        super(transactions);
        setPropagationBehavior(TransactionDefinition.PROPAGATION_NESTED);
    }

    /** Executes a part as {@link #repeated} does. */
    public <T extends @Nullable Object> T executeRepeated(TransactionCallback<T> part) {
        return repeated(() -> execute(part));
    }

    /**
     * Executes a write that undoes itself when it fails; up to three times where the database undoes it because of
     * other sessions, such as a deadlock.
     */
    public static <T extends @Nullable Object> T repeated(Supplier<T> write) {
        for (int tries = 1; ; tries++) {
            try {
                return write.get();
            } catch (DataAccessException e) {
                if (tries == TRIES || !DatabaseErrors.isUndone(e)) {
                    throw e;
                }
            }
        }
    }
}
