package io.github.notearchive.batch;

import com.zaxxer.hikari.HikariDataSource;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.beans.factory.config.BeanPostProcessor;
import org.springframework.core.Ordered;
import org.springframework.stereotype.Component;

/**
 * Sizes the connection pool for parallel writes of all workers and for other threads. The nightly job has
 * {@code archive.workers} active workers, each with one connection at a time, so the pool is never exhausted.
 *
 * <p>A worker that has written its note keeps its connection while it waits for the lock under which Spring Batch saves
 * the context of one step at a time ({@code JdbcExecutionContextDao.updateExecutionContext}). The holder of that lock
 * may still need a connection. With a pool smaller than the number of workers both would wait for each other until the
 * timeout of the pool, which happens when a run ends with all its notes in progress. The pool is wrapped in a
 * {@link FailFastDataSource}.
 */
@Component
final class HikariPoolSizer implements BeanPostProcessor, Ordered {

    private static final int ADDITIONAL_CONNECTIONS = 8;

    private final ObjectProvider<ArchiveProperties> settings;

    HikariPoolSizer(ObjectProvider<ArchiveProperties> settings) {
        this.settings = settings;
    }

    @Override
    public Object postProcessBeforeInitialization(Object bean, String name) {
        if (bean instanceof HikariDataSource pool) {
            int room = settings.getObject().workers() + ADDITIONAL_CONNECTIONS;
            pool.setMaximumPoolSize(Math.max(pool.getMaximumPoolSize(), room));
        }
        return bean;
    }

    @Override
    public Object postProcessAfterInitialization(Object bean, String name) {
        return bean instanceof HikariDataSource pool ? new FailFastDataSource(pool, System::nanoTime) : bean;
    }

    /** Runs before Spring Boot wraps the pool in its lazy data source. */
    @Override
    public int getOrder() {
        return -1;
    }
}
