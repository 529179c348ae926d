package io.github.notearchive.nightly;

import com.zaxxer.hikari.HikariDataSource;
import com.zaxxer.hikari.HikariPoolMXBean;
import javax.sql.DataSource;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.springframework.test.context.junit.jupiter.SpringExtension;

/** Begins every test with an empty archive and a provider without faults. */
final class EmptyArchive implements BeforeEachCallback, AfterEachCallback {

    @Override
    public void beforeEach(ExtensionContext test) {
        part(test, NightlyScenario.class).begin();
    }

    /** Evicts the connections of the pool, which stays with its cached context after the test. */
    @Override
    public void afterEach(ExtensionContext test) throws Exception {
        part(test, NightlyScenario.class).end();
        HikariPoolMXBean pool =
                part(test, DataSource.class).unwrap(HikariDataSource.class).getHikariPoolMXBean();
        if (pool != null) {
            pool.softEvictConnections();
        }
    }

    private static <T> T part(ExtensionContext test, Class<T> type) {
        return SpringExtension.getApplicationContext(test).getBean(type);
    }
}
