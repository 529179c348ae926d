package io.github.notearchive.job;

import org.springframework.transaction.PlatformTransactionManager;
import org.springframework.transaction.TransactionDefinition;
import org.springframework.transaction.support.TransactionTemplate;

/** A part of the step's transaction, which is undone alone when it fails. */
final class Savepoint extends TransactionTemplate {

    Savepoint(PlatformTransactionManager transactions) {
        super(transactions);
        setPropagationBehavior(TransactionDefinition.PROPAGATION_NESTED);
    }
}
