package io.github.notearchive.io.jdbc;

import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import javax.sql.DataSource;
import org.springframework.jdbc.datasource.DelegatingDataSource;

/**
 * Data source whose connections fail if the server sends nothing for some time during a statement. For statements that
 * take milliseconds. A pool restores its own timeout when the connection is returned.
 */
public final class NetworkTimeoutDataSource extends DelegatingDataSource {

    private final int milliseconds;

    public NetworkTimeoutDataSource(DataSource target, Duration timeout) {
        super(target);
        this.milliseconds = Math.toIntExact(timeout.toMillis());
    }

    @Override
    public Connection getConnection() throws SQLException {
        Connection connection = super.getConnection();
        try {
            connection.setNetworkTimeout(Runnable::run, milliseconds);
            return connection;
        } catch (SQLException e) {
            connection.close();
            throw e;
        }
    }
}
