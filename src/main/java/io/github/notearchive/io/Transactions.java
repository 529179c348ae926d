package io.github.notearchive.io;

import org.springframework.transaction.PlatformTransactionManager;
import org.springframework.transaction.TransactionDefinition;
import org.springframework.transaction.support.TransactionTemplate;

/** What is done apart from the transaction that the caller may be in. */
public final class Transactions {

    private Transactions() {}

    /**
     * A template in which each statement is a transaction by itself, committed when it returns, whatever becomes of the
     * caller's.
     */
    public static TransactionTemplate perStatement(PlatformTransactionManager transactions) {
        var template = new TransactionTemplate(transactions);
        template.setPropagationBehavior(TransactionDefinition.PROPAGATION_NOT_SUPPORTED);
        return template;
    }
}
