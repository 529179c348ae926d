package io.github.notearchive.job;

import com.zaxxer.hikari.HikariDataSource;
import java.sql.SQLException;
import javax.sql.DataSource;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.springframework.test.context.junit.jupiter.SpringExtension;

/** Begins every test with nothing archived and a provider that does what it should. */
final class EmptyArchive implements BeforeEachCallback, AfterEachCallback, AfterAllCallback {

    @Override
    public void beforeEach(ExtensionContext test) {
        night(test).begin();
    }

    @Override
    public void afterEach(ExtensionContext test) throws Exception {
        night(test).end();
    }

    /**
     * Contexts of other settings stay, but not what their pools hold of the server's connections.
     */
    @Override
    public void afterAll(ExtensionContext tests) throws SQLException {
        SpringExtension.getApplicationContext(tests)
                .getBean(DataSource.class)
                .unwrap(HikariDataSource.class)
                .getHikariPoolMXBean()
                .softEvictConnections();
    }

    private static Night night(ExtensionContext test) {
        return SpringExtension.getApplicationContext(test).getBean(Night.class);
    }
}
