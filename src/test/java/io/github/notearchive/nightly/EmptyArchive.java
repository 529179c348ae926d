package io.github.notearchive.nightly;

import com.zaxxer.hikari.HikariDataSource;
import com.zaxxer.hikari.HikariPoolMXBean;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import javax.sql.DataSource;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.springframework.test.context.junit.jupiter.SpringExtension;

/** Begins every test with nothing archived and a provider that does what it should. */
final class EmptyArchive implements BeforeEachCallback, AfterEachCallback, AfterAllCallback {

    private final Map<Class<?>, Set<HikariDataSource>> pools = new ConcurrentHashMap<>();

    @Override
    public void beforeEach(ExtensionContext test) {
        night(test).begin();
    }

    @Override
    public void afterEach(ExtensionContext test) throws Exception {
        night(test).end();
        // a context that a test has soiled is not there any more after all tests
        pools(test.getRequiredTestClass())
                .add(SpringExtension.getApplicationContext(test)
                        .getBean(DataSource.class)
                        .unwrap(HikariDataSource.class));
    }

    /** Contexts of other settings stay, but not what their pools hold of the server's connections. */
    @Override
    public void afterAll(ExtensionContext tests) {
        for (HikariDataSource pool : pools(tests.getRequiredTestClass())) {
            HikariPoolMXBean running = pool.getHikariPoolMXBean();
            if (running != null && !pool.isClosed()) {
                running.softEvictConnections();
            }
        }
        pools.remove(tests.getRequiredTestClass());
    }

    private Set<HikariDataSource> pools(Class<?> tests) {
        return pools.computeIfAbsent(tests, _ -> ConcurrentHashMap.newKeySet());
    }

    private static NightlyScenario night(ExtensionContext test) {
        return SpringExtension.getApplicationContext(test).getBean(NightlyScenario.class);
    }
}
