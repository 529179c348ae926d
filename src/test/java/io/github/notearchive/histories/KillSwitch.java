package io.github.notearchive.histories;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import javax.sql.DataSource;
import org.springframework.beans.factory.config.BeanPostProcessor;
import org.springframework.jdbc.datasource.DelegatingDataSource;

/**
 * Ends the program's access to its database at a moment, as if the process had been killed. Moments are the begin and
 * the end of each statement and commit, and calls of {@link #passes}. A statement whose end is the moment was executed,
 * and its caller does not learn of it; each later one fails at once.
 *
 * <p>Most statements of a small night are those of Spring Batch's 64 steps; they count only if asked for.
 *
 * <p>A kill of a process takes seconds, this milliseconds.
 */
public final class KillSwitch implements BeanPostProcessor {

    private final AtomicInteger left = new AtomicInteger();
    private volatile boolean isArmed;
    private volatile boolean isDead;
    private volatile boolean isKill;
    private volatile boolean isOfBatch;
    private volatile Runnable atMoment = () -> {};

    /**
     * Runs an action at the {@code moment}-th event from now.
     *
     * @param kills whether the access ends then
     * @param ofBatch whether statements of Spring Batch are events
     */
    void arm(int moment, boolean kills, boolean ofBatch, Runnable action) {
        atMoment = action;
        isKill = kills;
        isOfBatch = ofBatch;
        left.set(moment);
        isArmed = true;
    }

    boolean isDead() {
        return isDead;
    }

    /** Gives the access back. */
    void disarm() {
        isArmed = false;
        isDead = false;
    }

    /** Counts an event, and returns whether the program still lives. */
    boolean passes() {
        if (isArmed && !isDead && left.decrementAndGet() == 0) {
            isDead = isKill;
            atMoment.run();
        }
        return !isDead;
    }

    @Override
    public Object postProcessAfterInitialization(Object bean, String name) {
        return bean instanceof DataSource source ? new MortalDataSource(source) : bean;
    }

    private void check(boolean counts) throws SQLException {
        if (counts ? !passes() : isDead) {
            throw new SQLException("killed by the test", "57P01");
        }
    }

    private final class MortalDataSource extends DelegatingDataSource {

        MortalDataSource(DataSource source) {
            super(source);
        }

        @Override
        public Connection getConnection() throws SQLException {
            check(false);
            return (Connection) mortal(Connection.class, super.getConnection(), "", new AtomicBoolean());
        }
    }

    private Object mortal(Class<?> type, Object target, String sql, AtomicBoolean isTouched) {
        return Proxy.newProxyInstance(
                type.getClassLoader(),
                new Class<?>[] {type},
                (_, method, arguments) -> call(target, method, arguments, sql, isTouched));
    }

    /** @param isTouched whether a statement that counts was executed in the transaction */
    private Object call(Object target, Method method, Object[] arguments, String sql, AtomicBoolean isTouched)
            throws Throwable {
        boolean isStatement = method.getName().startsWith("execute");
        boolean isCommit = method.getName().equals("commit");
        String text = arguments != null && arguments[0] instanceof String given ? given : sql;
        boolean counts = isStatement ? isOfBatch || !text.contains("BATCH_") : isCommit && isTouched.getAndSet(false);
        if (isStatement || isCommit) {
            check(counts);
        }
        Object result;
        try {
            result = method.invoke(target, arguments);
        } catch (InvocationTargetException e) {
            throw e.getCause();
        }
        if (counts) {
            isTouched.compareAndSet(false, isStatement);
            check(true);
        }
        boolean isOpening =
                method.getName().startsWith("prepare") || method.getName().equals("createStatement");
        return isOpening ? mortal(method.getReturnType(), result, text, isTouched) : result;
    }
}
