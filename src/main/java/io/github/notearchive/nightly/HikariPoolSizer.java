package io.github.notearchive.nightly;

import com.zaxxer.hikari.HikariDataSource;
import io.github.notearchive.batch.FailFastDataSource;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.beans.factory.config.BeanPostProcessor;
import org.springframework.core.Ordered;
import org.springframework.stereotype.Component;

/**
 * Gives the connection pool room for every worker to write at the same moment, and for others beside them.
 * {@link NightlyJob} has {@code archive.workers} of them active at once, and each uses one connection at a time, so the
 * pool is never exhausted.
 *
 * <p>A worker that has written its note keeps its connection while it waits for the lock under which Spring Batch saves
 * the context of one step at a time ({@code JdbcExecutionContextDao.updateExecutionContext}). Whoever has that lock may
 * still need a connection. If the pool were smaller than the number of workers, both would wait for each other until
 * the pool's time-out, which happens when a run ends with all its notes in flight. The pool is wrapped in a
 * {@link FailFastDataSource}.
 */
@Component
final class HikariPoolSizer implements BeanPostProcessor, Ordered {

    private static final int BESIDE_THE_WORKERS = 8;

    private final ObjectProvider<ArchiveProperties> settings;

    HikariPoolSizer(ObjectProvider<ArchiveProperties> settings) {
        this.settings = settings;
    }

    @Override
    public Object postProcessBeforeInitialization(Object bean, String name) {
        if (bean instanceof HikariDataSource pool) {
            int room = settings.getObject().workers() + BESIDE_THE_WORKERS;
            pool.setMaximumPoolSize(Math.max(pool.getMaximumPoolSize(), room));
        }
        return bean;
    }

    @Override
    public Object postProcessAfterInitialization(Object bean, String name) {
        return bean instanceof HikariDataSource pool ? new FailFastDataSource(pool, System::nanoTime) : bean;
    }

    /** Before Spring Boot puts its lazy data source around the pool. */
    @Override
    public int getOrder() {
        return -1;
    }
}
