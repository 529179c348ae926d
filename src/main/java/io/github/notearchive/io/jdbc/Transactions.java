package io.github.notearchive.io.jdbc;

import org.springframework.transaction.PlatformTransactionManager;
import org.springframework.transaction.TransactionDefinition;
import org.springframework.transaction.support.TransactionTemplate;

/** Creates templates for statements outside of the caller's transaction. */
public final class Transactions {

    private Transactions() {}

    /** Returns a template for transactions of their own, which are committed before the caller's. */
    public static TransactionTemplate separate(PlatformTransactionManager transactions) {
        var template = new TransactionTemplate(transactions);
        template.setPropagationBehavior(TransactionDefinition.PROPAGATION_REQUIRES_NEW);
        return template;
    }

    /** Returns a template that suspends the caller's transaction. */
    public static TransactionTemplate none(PlatformTransactionManager transactions) {
        var template = new TransactionTemplate(transactions);
        template.setPropagationBehavior(TransactionDefinition.PROPAGATION_NOT_SUPPORTED);
        return template;
    }
}
